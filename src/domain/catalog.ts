/** A service as the catalog file declares it. */
export type CatalogService = {
  /** The stable key. */
  slug: string;
  name: string;
  description: string;
  docs: string | null;
  registrationEnabled: boolean;
  autoApprove: boolean;
  /** Where its requests are posted; null: ADMIN_CHANNEL. */
  channel: string | null;
  /** People and groups who may decide; none: APPROVERS. */
  approvers: string[];
};
