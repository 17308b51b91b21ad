Policies stop module versions under denied licences (`licenses`, `licenses_mode`), as they are found in the licence files of a zip before it is first sent.
