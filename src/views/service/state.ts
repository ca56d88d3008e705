/** Whether a service takes new requests, in words. */
import type { ServiceState } from '../../domain/service.ts';

/** Says that a service is closed, as a sentence with a space before it; nothing where it is open. */
export const closedText = (state: ServiceState): string => sentences[state];

const sentences: Record<ServiceState, string> = {
  open: '',
  disabled: ' Registration for this service is disabled.',
  retired: ' This service is retired.',
};
