"""Puts the prebuilt binary into the wheel's scripts and gives the wheel the tag of the binary's platform."""
import os

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        binary, platform = os.environ["AMPLS_DNS_WHEEL_BINARY"], os.environ["AMPLS_DNS_WHEEL_PLATFORM"]
        if not os.access(binary, os.X_OK):
            raise RuntimeError(f"{binary} is not a program")
        build_data["pure_python"] = False
        # Any Python 3, no ABI: the wheel has a program and no extension module.
        build_data["tag"] = f"py3-none-{platform}"
        build_data["shared_scripts"][binary] = os.path.basename(binary)
