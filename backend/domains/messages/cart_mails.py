"""What mails about carts say."""

from dataclasses import dataclass

from backend.domains.identity.service import UserService
from backend.domains.messages.drafts import Draft, MailTask


@dataclass(frozen=True)
class CartMails:
    """Drafts mails about carts. `task.data` has the ids of the customer and of the expert.

    The expert's note is not among it: a mail of ours says nothing that we have not written.
    """

    users: UserService

    def draft(self, task: MailTask) -> Draft:
        """The draft."""
        customer = self.users.user(task.data["user_id"])
        expert = self.users.user(task.data["expert_id"])
        return Draft.of(customer, {}, {"expert": expert.name})
