"""What is known of each film: families, agreements, analyses, clips, and who did what. SQLAlchemy lives here."""

from vig.catalogue.act import Act
from vig.catalogue.catalogue import Catalogue
from vig.catalogue.engine import engine_for_jobs
from vig.catalogue.rows import new_id
from vig.catalogue.values import (
    Account,
    Analysis,
    AnalysisState,
    AuditRow,
    CatalogueKeys,
    Change,
    Checkpoint,
    Deed,
    Finding,
    KeptVersion,
    ObjectRow,
    ObjectState,
    Origin,
    Outcome,
    Receipt,
)

__all__ = [
    "Account",
    "Act",
    "Analysis",
    "AnalysisState",
    "AuditRow",
    "Catalogue",
    "CatalogueKeys",
    "Change",
    "Checkpoint",
    "Deed",
    "Finding",
    "KeptVersion",
    "ObjectRow",
    "ObjectState",
    "Origin",
    "Outcome",
    "Receipt",
    "engine_for_jobs",
    "new_id",
]
