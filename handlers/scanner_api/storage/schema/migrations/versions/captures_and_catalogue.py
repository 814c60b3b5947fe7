"""Products, captures, photos and proposals, redirect and freshness rules; leases for extraction."""

import sqlalchemy as sa
from alembic import op

from scanner_api.storage.schema.column_types import required

revision = "0002"
down_revision = "0001"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Extend the sessions and create the tables."""
    attempts = sa.Column("extraction_attempts", sa.Integer, nullable=False, server_default="0")
    op.add_column("scan_sessions", attempts)
    op.add_column("scan_sessions", sa.Column("extraction_lease_until", _TIME))
    op.create_index("ix_scan_sessions_status_modified", "scan_sessions", ["status", "modified"])
    op.create_index("ix_scan_sessions_extraction_status", "scan_sessions", ["extraction_status"])
    op.create_table(
        "products",
        sa.Column("short_id", sa.Text, primary_key=True),
        sa.Column("gtin", sa.Text, nullable=False, unique=True),
        *required(sa.Text, "name", "brand_name", "category", "brick", "description", "ingredients"),
        *required(sa.Text, "images", "ai_summary"),
        *required(_TIME, "created", "modified"),
    )
    op.create_table(
        "captures",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("session_id", "scan_sessions.id"),
        *required(sa.String(16), "status"),
        *required(sa.Text, "capture_type", "raw_value", "gtin", "error_message"),
        *required(_TIME, "created"),
        *required(sa.JSON, "metadata", "gs1_dl_data"),
        _reference("product_short_id", "products.short_id", nullable=True),
        sa.Column("processed_at", _TIME),
        sa.Column("uploaded_image_key", sa.Text),
        sa.Column("qr_analysis", sa.JSON),
        *required(sa.Integer, "attempts"),
        sa.Column("lease_until", _TIME),
        sa.Index(None, "session_id", "created", "id"),
        sa.Index(None, "status", "created"),
    )
    op.create_table(
        "photos",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("session_id", "scan_sessions.id"),
        *required(sa.Text, "photo_type"),
        sa.Column("s3_key", sa.Text, nullable=False, unique=True),
        *required(sa.Text, "original_filename"),
        *required(sa.Integer, "file_size"),
        *required(sa.Text, "media_type"),
        *required(sa.Integer, "sort_order"),
        *required(sa.JSON, "metadata"),
        *required(_TIME, "created"),
        _reference("capture_id", "captures.id", nullable=True),
        sa.Index(None, "session_id", "sort_order"),
    )
    op.create_table(
        "proposals",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("capture_id", "captures.id"),
        *required(sa.Text, "field_name", "current_value", "proposed_value", "confidence", "reasoning"),
        *required(sa.Text, "source"),
        *required(sa.String(16), "status"),
        *required(sa.JSON, "metadata"),
        *required(_TIME, "created"),
        sa.Column("reviewed_at", _TIME),
        sa.Column("applied_at", _TIME),
        sa.Index(None, "capture_id", "created", "id"),
    )
    op.create_table(
        "redirect_rules",
        sa.Column("id", sa.Text, primary_key=True),
        _reference("product_short_id", "products.short_id"),
        *required(sa.Text, "url"),
        *required(sa.Integer, "order_index"),
        *required(_TIME, "created"),
        sa.UniqueConstraint("product_short_id", "order_index"),
    )
    op.create_table(
        "freshness_rules",
        sa.Column("organization_id", sa.Text, primary_key=True),
        sa.Column("brick", sa.Text, primary_key=True),
        *required(sa.Text, "category_label"),
        *required(sa.Integer, "warning_days", "critical_days"),
    )


def _reference(name: str, to: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, sa.ForeignKey(to), nullable=nullable)
