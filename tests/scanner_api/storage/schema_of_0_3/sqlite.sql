CREATE TABLE audit_log (
  number INTEGER NOT NULL,
  at DATETIME NOT NULL,
  actor TEXT NOT NULL,
  address TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  organization_id TEXT,
  details JSON NOT NULL,
  CONSTRAINT pk_audit_log PRIMARY KEY (number)
)

CREATE INDEX ix_audit_log_organization_id_number ON audit_log (organization_id, number)

CREATE TABLE freshness_rules (
  organization_id TEXT NOT NULL,
  brick TEXT NOT NULL,
  category_label TEXT NOT NULL,
  warning_days INTEGER NOT NULL,
  critical_days INTEGER NOT NULL,
  CONSTRAINT pk_freshness_rules PRIMARY KEY (organization_id, brick)
)

CREATE TABLE idempotency_keys (
  id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  claim TEXT NOT NULL,
  response BLOB,
  expires_at DATETIME NOT NULL,
  CONSTRAINT pk_idempotency_keys PRIMARY KEY (id)
)

CREATE INDEX ix_idempotency_keys_expires_at ON idempotency_keys (expires_at)

CREATE TABLE organizations (
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  created DATETIME NOT NULL,
  deletion_began DATETIME,
  CONSTRAINT pk_organizations PRIMARY KEY (id)
)

CREATE TABLE products (
  short_id TEXT NOT NULL,
  gtin TEXT NOT NULL,
  name TEXT NOT NULL,
  brand_name TEXT NOT NULL,
  category TEXT NOT NULL,
  brick TEXT NOT NULL,
  description TEXT NOT NULL,
  ingredients TEXT NOT NULL,
  images TEXT NOT NULL,
  ai_summary TEXT NOT NULL,
  created DATETIME NOT NULL,
  modified DATETIME NOT NULL,
  CONSTRAINT pk_products PRIMARY KEY (short_id),
  CONSTRAINT uq_products_gtin UNIQUE (gtin)
)

CREATE TABLE scan_session_counts (
  organization_id TEXT NOT NULL,
  created_by TEXT NOT NULL,
  status VARCHAR(16) NOT NULL,
  shard INTEGER NOT NULL,
  number INTEGER NOT NULL,
  CONSTRAINT pk_scan_session_counts PRIMARY KEY (organization_id, created_by, status, shard)
)

CREATE TABLE schema_compatibility (
  revision TEXT NOT NULL,
  least_revision TEXT NOT NULL,
  CONSTRAINT pk_schema_compatibility PRIMARY KEY (revision)
)

CREATE TABLE secrets (
  name TEXT NOT NULL,
  value BLOB NOT NULL,
  CONSTRAINT pk_secrets PRIMARY KEY (name)
)

CREATE TABLE users (
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  created DATETIME NOT NULL,
  CONSTRAINT pk_users PRIMARY KEY (id),
  CONSTRAINT uq_users_email UNIQUE (email)
)

CREATE TABLE api_keys (
  id TEXT NOT NULL,
  digest TEXT NOT NULL,
  prefix TEXT NOT NULL,
  name TEXT NOT NULL,
  organization_id TEXT,
  user_id TEXT,
  is_active BOOLEAN NOT NULL,
  expires_at DATETIME,
  last_used DATETIME,
  per_minute INTEGER NOT NULL,
  per_day INTEGER NOT NULL,
  created DATETIME NOT NULL,
  CONSTRAINT pk_api_keys PRIMARY KEY (id),
  CONSTRAINT ck_api_keys_one_owner CHECK ((organization_id IS NULL) <> (user_id IS NULL)),
  CONSTRAINT uq_api_keys_digest UNIQUE (digest),
  CONSTRAINT fk_api_keys_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
  CONSTRAINT fk_api_keys_user_id FOREIGN KEY(user_id) REFERENCES users (id)
)

CREATE INDEX ix_api_keys_organization_id ON api_keys (organization_id)

CREATE INDEX ix_api_keys_user_id ON api_keys (user_id)

CREATE TABLE memberships (
  user_id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  role TEXT NOT NULL,
  CONSTRAINT pk_memberships PRIMARY KEY (user_id, organization_id),
  CONSTRAINT fk_memberships_user_id FOREIGN KEY(user_id) REFERENCES users (id),
  CONSTRAINT fk_memberships_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)

CREATE INDEX ix_memberships_organization_id ON memberships (organization_id)

CREATE TABLE product_overrides (
  organization_id TEXT NOT NULL,
  product_short_id TEXT NOT NULL,
  name TEXT,
  description TEXT,
  brand_name TEXT,
  category TEXT,
  ingredients TEXT,
  ai_summary TEXT,
  images TEXT,
  modified DATETIME NOT NULL,
  CONSTRAINT pk_product_overrides PRIMARY KEY (organization_id, product_short_id),
  CONSTRAINT fk_product_overrides_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
  CONSTRAINT fk_product_overrides_product_short_id FOREIGN KEY(product_short_id) REFERENCES products (short_id)
)

CREATE TABLE redirect_rules (
  id TEXT NOT NULL,
  organization_id TEXT,
  product_short_id TEXT NOT NULL,
  url TEXT NOT NULL,
  order_index INTEGER NOT NULL,
  created DATETIME NOT NULL,
  CONSTRAINT pk_redirect_rules PRIMARY KEY (id),
  CONSTRAINT uq_redirect_rules_organization_id_product_short_id_order_index UNIQUE (organization_id, product_short_id, order_index),
  CONSTRAINT fk_redirect_rules_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id),
  CONSTRAINT fk_redirect_rules_product_short_id FOREIGN KEY(product_short_id) REFERENCES products (short_id)
)

CREATE TABLE scan_sessions (
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  created_by TEXT NOT NULL,
  status VARCHAR(16) NOT NULL,
  extraction_status VARCHAR(16) NOT NULL,
  capture_mode TEXT NOT NULL,
  metadata JSON NOT NULL,
  user_agent TEXT NOT NULL,
  device_context JSON NOT NULL,
  created DATETIME NOT NULL,
  modified DATETIME NOT NULL,
  capture_count INTEGER NOT NULL,
  photo_count INTEGER NOT NULL,
  extraction_attempts INTEGER DEFAULT 0 NOT NULL,
  extraction_lease_until DATETIME,
  CONSTRAINT pk_scan_sessions PRIMARY KEY (id),
  CONSTRAINT fk_scan_sessions_organization_id FOREIGN KEY(organization_id) REFERENCES organizations (id)
)

CREATE INDEX ix_scan_sessions_extraction_status ON scan_sessions (extraction_status)

CREATE INDEX ix_scan_sessions_organization_id_created_id ON scan_sessions (organization_id, created, id)

CREATE INDEX ix_scan_sessions_organization_id_status_created_id ON scan_sessions (organization_id, status, created, id)

CREATE INDEX ix_scan_sessions_organization_id_status_modified ON scan_sessions (organization_id, status, modified)

CREATE INDEX ix_scan_sessions_status_modified ON scan_sessions (status, modified)

CREATE TABLE web_sessions (
  id TEXT NOT NULL,
  digest TEXT NOT NULL,
  user_id TEXT NOT NULL,
  expires_at DATETIME NOT NULL,
  created DATETIME NOT NULL,
  CONSTRAINT pk_web_sessions PRIMARY KEY (id),
  CONSTRAINT uq_web_sessions_digest UNIQUE (digest),
  CONSTRAINT fk_web_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
)

CREATE INDEX ix_web_sessions_user_id ON web_sessions (user_id)

CREATE TABLE captures (
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  status VARCHAR(16) NOT NULL,
  capture_type TEXT NOT NULL,
  raw_value TEXT NOT NULL,
  gtin TEXT NOT NULL,
  sent_gtin TEXT DEFAULT '' NOT NULL,
  error_message TEXT NOT NULL,
  created DATETIME NOT NULL,
  metadata JSON NOT NULL,
  gs1_dl_data JSON NOT NULL,
  product_short_id TEXT,
  processed_at DATETIME,
  uploaded_image_key TEXT,
  qr_analysis JSON,
  attempts INTEGER NOT NULL,
  lease_until DATETIME,
  CONSTRAINT pk_captures PRIMARY KEY (id),
  CONSTRAINT fk_captures_session_id FOREIGN KEY(session_id) REFERENCES scan_sessions (id),
  CONSTRAINT fk_captures_product_short_id FOREIGN KEY(product_short_id) REFERENCES products (short_id)
)

CREATE INDEX ix_captures_session_id_created_id ON captures (session_id, created, id)

CREATE INDEX ix_captures_status_created ON captures (status, created)

CREATE TABLE photos (
  id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  photo_type TEXT NOT NULL,
  s3_key TEXT NOT NULL,
  original_filename TEXT NOT NULL,
  file_size INTEGER NOT NULL,
  media_type TEXT NOT NULL,
  sort_order INTEGER NOT NULL,
  metadata JSON NOT NULL,
  created DATETIME NOT NULL,
  capture_id TEXT,
  CONSTRAINT pk_photos PRIMARY KEY (id),
  CONSTRAINT fk_photos_session_id FOREIGN KEY(session_id) REFERENCES scan_sessions (id),
  CONSTRAINT uq_photos_s3_key UNIQUE (s3_key),
  CONSTRAINT fk_photos_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
)

CREATE INDEX ix_photos_capture_id ON photos (capture_id)

CREATE INDEX ix_photos_session_id_sort_order ON photos (session_id, sort_order)

CREATE TABLE proposals (
  id TEXT NOT NULL,
  capture_id TEXT NOT NULL,
  field_name TEXT NOT NULL,
  current_value TEXT NOT NULL,
  proposed_value TEXT NOT NULL,
  confidence TEXT NOT NULL,
  reasoning TEXT NOT NULL,
  source TEXT NOT NULL,
  status VARCHAR(16) NOT NULL,
  metadata JSON NOT NULL,
  created DATETIME NOT NULL,
  reviewed_at DATETIME,
  applied_at DATETIME,
  CONSTRAINT pk_proposals PRIMARY KEY (id),
  CONSTRAINT fk_proposals_capture_id FOREIGN KEY(capture_id) REFERENCES captures (id)
)

CREATE INDEX ix_proposals_capture_id_created_id ON proposals (capture_id, created, id)

CREATE TABLE alembic_version (
  version_num VARCHAR(32) NOT NULL,
  CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
)

CREATE TRIGGER scan_sessions_count_insert AFTER INSERT ON scan_sessions FOR EACH ROW BEGIN INSERT INTO scan_session_counts (organization_id, created_by, status, shard, number) VALUES (NEW.organization_id, NEW.created_by, NEW.status, 0, 1) ON CONFLICT (organization_id, created_by, status, shard) DO UPDATE SET number = scan_session_counts.number + excluded.number; END

CREATE TRIGGER scan_sessions_count_delete AFTER DELETE ON scan_sessions FOR EACH ROW BEGIN INSERT INTO scan_session_counts (organization_id, created_by, status, shard, number) VALUES (OLD.organization_id, OLD.created_by, OLD.status, 0, -1) ON CONFLICT (organization_id, created_by, status, shard) DO UPDATE SET number = scan_session_counts.number + excluded.number; END

CREATE TRIGGER scan_sessions_count_update AFTER UPDATE OF organization_id, created_by, status ON scan_sessions FOR EACH ROW WHEN (OLD.organization_id <> NEW.organization_id OR OLD.created_by <> NEW.created_by OR OLD.status <> NEW.status) BEGIN INSERT INTO scan_session_counts (organization_id, created_by, status, shard, number) VALUES (OLD.organization_id, OLD.created_by, OLD.status, 0, -1) ON CONFLICT (organization_id, created_by, status, shard) DO UPDATE SET number = scan_session_counts.number + excluded.number; INSERT INTO scan_session_counts (organization_id, created_by, status, shard, number) VALUES (NEW.organization_id, NEW.created_by, NEW.status, 0, 1) ON CONFLICT (organization_id, created_by, status, shard) DO UPDATE SET number = scan_session_counts.number + excluded.number; END

CREATE TRIGGER IF NOT EXISTS audit_log_UPDATE BEFORE UPDATE ON audit_log  BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END

CREATE TRIGGER IF NOT EXISTS audit_log_DELETE BEFORE DELETE ON audit_log  BEGIN SELECT RAISE(ABORT, 'The audit log is append-only.'); END

INSERT INTO alembic_version (version_num) VALUES ('0010')

INSERT INTO schema_compatibility (revision, least_revision) VALUES ('0010', '0006')
