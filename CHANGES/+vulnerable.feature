Policies have the conditions `vulnerable` and `malicious`: versions that a mirrored vulnerability database, or one of malicious modules, reports are
stopped with the ID of the report and the version that fixes it. OpenVEX documents silence what does not apply.
