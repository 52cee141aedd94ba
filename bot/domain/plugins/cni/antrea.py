"""Antrea: the agent runs Open vSwitch in a container of its own; images are named for the base they are built on."""

from bot.domain.plugins.cni import Marks, NetworkPlugin

CNI = NetworkPlugin(
    title="Antrea",
    marks=(
        Marks(daemon_sets=("antrea-agent",)),
        Marks(images=("antrea/antrea-agent-ubuntu",)),
        Marks(images=("antrea/antrea-agent-ubi",)),
    ),
    version_image="antrea-agent-ubuntu",
)
