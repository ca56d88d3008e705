/** The rules of a request, before there is a registration. */
import { msPer } from './duration.ts';
import type { Refusal, Status } from './registration.ts';

/** The most services that one form may request. */
export const maxServicesPerForm = 10;

/** Why a request is refused, and on which field of the form. */
export type RequestRefusal =
  | { field: 'services'; kind: 'may-not-ask'; why: Extract<Refusal, { kind: 'external' | 'deactivated' | 'unsure' }> }
  | { field: 'services'; kind: 'unknown-service' }
  | { field: 'services'; kind: 'disabled'; services: string[] }
  | { field: 'services'; kind: 'existing'; existing: { service: string; status: Status; since: Date }[] }
  | { field: 'services'; kind: 'too-many'; pending: number; limit: number }
  /** So many were requested within an hour; when the chosen ones fit in again, undefined where they never do. */
  | { field: 'services'; kind: 'too-fast'; limit: number; until: Date | undefined }
  | { field: 'services'; kind: 'unreachable'; services: string[] }
  | { field: 'application'; kind: 'not-yours' }
  | { field: 'application'; kind: 'too-many-applications'; limit: number }
  | { field: 'application'; kind: 'name-taken'; name: string; owners: string[]; mine: boolean };

/** A chosen service, as it is when the request is made. */
export type ServiceFacts = {
  id: number;
  name: string;
  registrationEnabled: boolean;
  /** Why its channel takes no posts, where that is known: no approver would see the request. */
  channelError: string | null;
  /** The live registration that this application already has for it. */
  existing: { status: Status; since: Date } | null;
};

/** Checks that an application may request these services, all of them or none; null if it may. */
export function checkRequest(chosen: string[], services: ServiceFacts[]): RequestRefusal | null {
  if (services.length !== new Set(chosen).size) return { field: 'services', kind: 'unknown-service' };
  const disabled = services.filter((service) => !service.registrationEnabled).map((service) => service.name);
  if (disabled.length > 0) return { field: 'services', kind: 'disabled', services: disabled };
  const unreachable = services.filter(({ channelError }) => channelError !== null).map((service) => service.name);
  if (unreachable.length > 0) return { field: 'services', kind: 'unreachable', services: unreachable };
  const existing = services.flatMap(({ name, existing }) => (existing ? [{ service: name, ...existing }] : []));
  if (existing.length > 0) return { field: 'services', kind: 'existing', existing };
  return null;
}

/**
 * Checks that a person with so many pending requests may add so many, because a few people must not bury the others;
 * null if they may.
 */
export function checkPendingLimit(pending: number, adding: number, limit: number): RequestRefusal | null {
  return adding > 0 && pending + adding > limit ? { field: 'services', kind: 'too-many', pending, limit } : null;
}

/** The time in which requests are counted, in milliseconds. */
export const requestPeriod = msPer.hour;

/**
 * Checks that a person who made requests at these times within the period, newest first, may add so many; null if they may.
 * Requests count also where they were withdrawn: each has taken a place in a channel.
 */
export function checkRequestRate(recent: Date[], adding: number, limit: number): RequestRefusal | null {
  if (recent.length + adding <= limit) return null;
  const inTheWay = recent[limit - adding];
  // Shown in minutes.
  const minutes = inTheWay && Math.ceil((inTheWay.getTime() + requestPeriod) / msPer.minute);
  const until = minutes && new Date(minutes * msPer.minute);
  return { field: 'services', kind: 'too-fast', limit, until: until || undefined };
}
