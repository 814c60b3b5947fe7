"""Products, captures, photos and proposals, redirect and freshness rules; leases for extraction."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Extend the sessions and create the tables."""
    _extend_scan_sessions()
    _create_products()
    _create_captures()
    _create_photos()
    _create_proposals()
    _create_rules()


def _extend_scan_sessions() -> None:
    op.add_column(
        "scan_sessions", sa.Column("extraction_attempts", sa.Integer, nullable=False, server_default="0")
    )
    op.add_column("scan_sessions", sa.Column("extraction_lease_until", sa.DateTime(timezone=True)))
    op.create_index("ix_scan_sessions_status_modified", "scan_sessions", ["status", "modified"])
    op.create_index("ix_scan_sessions_extraction_status", "scan_sessions", ["extraction_status"])


def _create_products() -> None:
    op.create_table(
        "products",
        sa.Column("short_id", sa.Text, nullable=False),
        sa.Column("gtin", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("brand_name", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("brick", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("ingredients", sa.Text, nullable=False),
        sa.Column("images", sa.Text, nullable=False),
        sa.Column("ai_summary", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("short_id", name="pk_products"),
        sa.UniqueConstraint("gtin", name="uq_products_gtin"),
    )


def _create_captures() -> None:
    op.create_table(
        "captures",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("capture_type", sa.Text, nullable=False),
        sa.Column("raw_value", sa.Text, nullable=False),
        sa.Column("gtin", sa.Text, nullable=False),
        sa.Column("error_message", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("gs1_dl_data", sa.JSON, nullable=False),
        sa.Column("product_short_id", sa.Text),
        sa.Column("processed_at", sa.DateTime(timezone=True)),
        sa.Column("uploaded_image_key", sa.Text),
        sa.Column("qr_analysis", sa.JSON),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_captures"),
        sa.ForeignKeyConstraint(["session_id"], ["scan_sessions.id"], name="fk_captures_session_id"),
        sa.ForeignKeyConstraint(
            ["product_short_id"], ["products.short_id"], name="fk_captures_product_short_id"
        ),
    )
    op.create_index("ix_captures_session_id_created_id", "captures", ["session_id", "created", "id"])
    op.create_index("ix_captures_status_created", "captures", ["status", "created"])


def _create_photos() -> None:
    op.create_table(
        "photos",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("session_id", sa.Text, nullable=False),
        sa.Column("photo_type", sa.Text, nullable=False),
        sa.Column("s3_key", sa.Text, nullable=False),
        sa.Column("original_filename", sa.Text, nullable=False),
        sa.Column("file_size", sa.Integer, nullable=False),
        sa.Column("media_type", sa.Text, nullable=False),
        sa.Column("sort_order", sa.Integer, nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("capture_id", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_photos"),
        sa.UniqueConstraint("s3_key", name="uq_photos_s3_key"),
        sa.ForeignKeyConstraint(["session_id"], ["scan_sessions.id"], name="fk_photos_session_id"),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name="fk_photos_capture_id"),
    )
    op.create_index("ix_photos_session_id_sort_order", "photos", ["session_id", "sort_order"])


def _create_proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("capture_id", sa.Text, nullable=False),
        sa.Column("field_name", sa.Text, nullable=False),
        sa.Column("current_value", sa.Text, nullable=False),
        sa.Column("proposed_value", sa.Text, nullable=False),
        sa.Column("confidence", sa.Text, nullable=False),
        sa.Column("reasoning", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("metadata", sa.JSON, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True)),
        sa.Column("applied_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        sa.ForeignKeyConstraint(["capture_id"], ["captures.id"], name="fk_proposals_capture_id"),
    )
    op.create_index("ix_proposals_capture_id_created_id", "proposals", ["capture_id", "created", "id"])


def _create_rules() -> None:
    op.create_table(
        "redirect_rules",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("product_short_id", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("order_index", sa.Integer, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_redirect_rules"),
        sa.UniqueConstraint(
            "product_short_id", "order_index", name="uq_redirect_rules_product_short_id_order_index"
        ),
        sa.ForeignKeyConstraint(
            ["product_short_id"], ["products.short_id"], name="fk_redirect_rules_product_short_id"
        ),
    )
    op.create_table(
        "freshness_rules",
        sa.Column("organization_id", sa.Text, nullable=False),
        sa.Column("brick", sa.Text, nullable=False),
        sa.Column("category_label", sa.Text, nullable=False),
        sa.Column("warning_days", sa.Integer, nullable=False),
        sa.Column("critical_days", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "brick", name="pk_freshness_rules"),
    )
