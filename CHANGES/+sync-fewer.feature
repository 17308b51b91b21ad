A sync asks for each `.info` once instead of twice where no checksum database vouches for a module, and takes far fewer statements for each module version.
