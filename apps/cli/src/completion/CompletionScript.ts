/** The scripts that `--completions` prints. Each asks `drawbar __complete` for the words that fit. */

export const shells = ["bash", "zsh", "fish"] as const
export type Shell = (typeof shells)[number]

export const of = (shell: Shell): string => scripts[shell]

const scripts: Readonly<Record<Shell, string>> = {
  // Bash splits words at colons and equals signs, so that the line is read here, and the part before them is not replied.
  bash: `_drawbar() {
  local line="\${COMP_LINE:0:COMP_POINT}" IFS=$' \\t\\n'
  local -a words
  read -ra words <<< "$line"
  [[ "$line" == *[[:space:]] ]] && words+=("")
  local current="\${words[\${#words[@]}-1]}"
  local head="\${current%"\${current##*[:=]}"}"
  IFS=$'\\n'
  COMPREPLY=($(drawbar __complete "\${words[@]:1}" 2>/dev/null | cut -f1))
  COMPREPLY=("\${COMPREPLY[@]#"$head"}")
}
complete -o default -F _drawbar drawbar`,
  zsh: `#compdef drawbar
_drawbar() {
  local line value
  local -a items
  for line in "\${(@f)$(drawbar __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -z "$line" ]] && continue
    value="\${line%%$'\\t'*}"
    items+=("\${value//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#items} )); then _describe drawbar items; else _files; fi
}
compdef _drawbar drawbar`,
  // Names of files only where nothing else fits.
  fish: `function __drawbar_complete
  set -l found (drawbar __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c drawbar -f -a '(__drawbar_complete)'`,
}
