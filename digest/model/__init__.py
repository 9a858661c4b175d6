"""The words of the product, as values.

Every room of the house speaks in these terms and in no synonyms of them. Values are frozen; times are
aware UTC datetimes; dates are calendar days of whoever the field's comment names. Standard library only.
"""

from digest.model.alerts import Alert
from digest.model.deliveries import TAKEN_BEFORE, Blame, Claim, Ended, Message, Outcome, Settled, State, Verdict
from digest.model.editions import NOT_YET_ANNOUNCED, NOT_YET_READ, Edition, Missing
from digest.model.findings import Finding, Weight
from digest.model.listings import Announcement, Kind, Listing, plain
from digest.model.pace import Pace, Turn
from digest.model.pages import Deed, Errand, Judged, Pin, Suggestion, Wish
from digest.model.ranking import (
    GRAIN,
    Account,
    Background,
    Feedback,
    Ground,
    Hurdle,
    Pick,
    Ranking,
    Reason,
    Section,
    Shard,
    Taste,
)
from digest.model.returns import Cause, Effect, Mail, Report, Return, Suppression, Taken
from digest.model.sources import Fetched, Problem, Pulled, SourceState, Validators, incomplete
from digest.model.subscribers import EVERY_DAY, Away, Format, Layout, Origin, Profile, Schedule, Status, Subscriber

__all__ = [
    "EVERY_DAY",
    "GRAIN",
    "NOT_YET_ANNOUNCED",
    "NOT_YET_READ",
    "TAKEN_BEFORE",
    "Account",
    "Alert",
    "Announcement",
    "Away",
    "Background",
    "Blame",
    "Cause",
    "Claim",
    "Deed",
    "Edition",
    "Effect",
    "Ended",
    "Errand",
    "Feedback",
    "Fetched",
    "Finding",
    "Format",
    "Ground",
    "Hurdle",
    "Judged",
    "Kind",
    "Layout",
    "Listing",
    "Mail",
    "Message",
    "Missing",
    "Origin",
    "Outcome",
    "Pace",
    "Pick",
    "Pin",
    "Problem",
    "Profile",
    "Pulled",
    "Ranking",
    "Reason",
    "Report",
    "Return",
    "Schedule",
    "Section",
    "Settled",
    "Shard",
    "SourceState",
    "State",
    "Status",
    "Subscriber",
    "Suggestion",
    "Suppression",
    "Taken",
    "Taste",
    "Turn",
    "Validators",
    "Verdict",
    "Weight",
    "Wish",
    "incomplete",
    "plain",
]
