"""Looking into artifacts of any format, without root, loop devices or mounts."""
