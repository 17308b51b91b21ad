The list `licenses` of a policy takes families, such as `GPL-*`; and an entry that can never match is refused with those that may be meant.
