"""Shell completion: the scripts. What they ask is `hydractl.completion`."""

from __future__ import annotations

from hydractl.session import Session
from hydractl.verbs import argument, verb

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BASH = """\
# Completion of hydractl for bash. Now: eval "$(hydractl completion bash)"
# For good: hydractl completion bash > ~/.local/share/bash-completion/completions/hydractl
_hydractl() {
    local IFS=$'\\n'
    COMPREPLY=($(_HYDRACTL_COMPLETE=words "${COMP_WORDS[0]}" "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _hydractl hydractl
"""
_ZSH = """\
#compdef hydractl
# Completion of hydractl for zsh. Now: eval "$(hydractl completion zsh)"
# For good: hydractl completion zsh > a folder of $fpath, as _hydractl
_hydractl() {
    local -a found
    found=("${(@f)$(_HYDRACTL_COMPLETE=words "${words[1]}" "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compadd -Q -- ${found:#}
}
if [[ "${funcstack[1]}" == _hydractl ]]; then _hydractl; else compdef _hydractl hydractl; fi
"""
_FISH = """\
# Completion of hydractl for fish. Now: hydractl completion fish | source
# For good: hydractl completion fish > ~/.config/fish/completions/hydractl.fish
function __hydractl_words
    set -l typed (commandline -opc) (commandline -ct)
    _HYDRACTL_COMPLETE=words $typed[1] $typed[2..] 2>/dev/null
end
complete -c hydractl -f -a '(__hydractl_words)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


@verb("completion", "completion", argument("shell", "Your shell.", choices=tuple(SCRIPTS)))
def completion(session: Session, shell: str) -> int:
    """Print the script that completes hydractl's verbs, options and ids in your shell."""

    def people(data: Any) -> None:
        for line in data.script.splitlines():
            session.out.line(line)

    return session.present(session.local({"shell": shell, "script": SCRIPTS[shell]}), people)
