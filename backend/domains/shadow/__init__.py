"""Shadow evaluation: a draft of the rules prices what customers ask for, beside the rules that answer."""
