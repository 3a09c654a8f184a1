"""VAT numbers of businesses in the European Union."""

from stdnum.eu import vat
from stdnum.exceptions import ValidationError

from backend.kernel.errors import InvalidError


def normal_vat_id(text: str) -> str:
    """The one spelling of a VAT number, its format and check digits checked. InvalidError for none.

    Nothing is asked of the network: whether the business is registered today is another question.
    """
    try:
        return str(vat.validate(text))
    except ValidationError as error:
        raise InvalidError(
            "The VAT number is not valid; write it with its country, such as DE136695976.",
            errors={"vat_id": [str(error)]},
        ) from None
