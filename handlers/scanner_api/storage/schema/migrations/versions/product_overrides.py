"""What organizations say of products, apart from the catalogue; redirect rules belong to organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_FIELDS = ("name", "description", "brand_name", "category", "ingredients", "ai_summary", "images")
_UNIQUE = "uq_redirect_rules_{}_order_index"


def upgrade() -> None:
    """Create the overrides from the proposals that were applied; the catalogue stays as these left it."""
    op.create_table(
        "product_overrides",
        sa.Column("organization_id", sa.Text, sa.ForeignKey("organizations.id"), primary_key=True),
        sa.Column("product_short_id", sa.Text, sa.ForeignKey("products.short_id"), primary_key=True),
        *(sa.Column(field, sa.Text) for field in _FIELDS),
        sa.Column("modified", sa.DateTime(timezone=True), nullable=False),
    )
    values = ", ".join(f"max(CASE WHEN field_name = '{field}' THEN proposed_value END)" for field in _FIELDS)
    op.execute(
        f"INSERT INTO product_overrides (organization_id, product_short_id, {', '.join(_FIELDS)}, modified) "  # noqa: S608 -- of constants
        f"SELECT organization_id, product_short_id, {values}, max(applied_at) FROM ("
        "SELECT organization_id, product_short_id, field_name, proposed_value, applied_at, row_number() OVER "
        "(PARTITION BY organization_id, product_short_id, field_name "
        "ORDER BY applied_at DESC, reviewed_at DESC, proposals.created DESC, proposals.id DESC) AS place "
        "FROM proposals JOIN captures ON captures.id = proposals.capture_id "
        "JOIN scan_sessions ON scan_sessions.id = captures.session_id "
        "WHERE applied_at IS NOT NULL AND product_short_id IS NOT NULL) AS applied "
        "WHERE place = 1 GROUP BY organization_id, product_short_id"
    )
    with op.batch_alter_table("redirect_rules") as table:
        table.add_column(sa.Column("organization_id", sa.Text))
        table.create_foreign_key(
            "fk_redirect_rules_organization_id", "organizations", ["organization_id"], ["id"]
        )
        table.drop_constraint(_UNIQUE.format("product_short_id"), type_="unique")
        table.create_unique_constraint(
            _UNIQUE.format("organization_id_product_short_id"),
            ["organization_id", "product_short_id", "order_index"],
        )
