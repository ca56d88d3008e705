-- The pickers find a service by any part of its name, slug or description through a trigram index.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
