"""The process in which a candidate rulebook is tried and its whole price analysed.

Started as `python -m backend.domains.pricing.rule_trial_child`; see backend/infra/rule_trial.py.
"""

from backend.domains.pricing.price_analysis import price_findings
from backend.infra.rule_trial_child import main

if __name__ == "__main__":
    main(price_findings)
