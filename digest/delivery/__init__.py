"""Delivery: a message's bytes handed over, and what came of it."""

from digest.delivery.dkim import Signer
from digest.delivery.files import FilesTransport
from digest.delivery.log import DeliveryLog
from digest.delivery.maildir import MaildirTransport
from digest.delivery.patience import Patience
from digest.delivery.sendmail import SendmailTransport
from digest.delivery.session import Relay, Secret
from digest.delivery.smtp import SmtpTransport
from digest.delivery.transport import CheckedTransport

__all__ = [
    "CheckedTransport",
    "DeliveryLog",
    "FilesTransport",
    "MaildirTransport",
    "Patience",
    "Relay",
    "Secret",
    "SendmailTransport",
    "Signer",
    "SmtpTransport",
]
