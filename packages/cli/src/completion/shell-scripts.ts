/**
 * Scripts that make shells complete `outboard`. All of them ask `outboard __complete` for candidates, so that they stay
 * right when the program changes.
 */

const bash = String.raw`# Completion of outboard for bash: source this file, or install it as
# /usr/share/bash-completion/completions/outboard
_outboard() {
  local rest=${'$'}{COMP_LINE:0:COMP_POINT} word cur path kind line before='' breaks='' i
  local -a words=() lines=()
  # Bash also splits at characters of COMP_WORDBREAKS, such as the colon of a tag: join what is joined on the line.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    word=${'$'}{COMP_WORDS[i]}
    if [[ $i -eq 0 || $rest == [[:space:]]* ]]; then
      rest=${'$'}{rest#"${'$'}{rest%%[![:space:]]*}"}
      words+=('')
    fi
    ((i == COMP_CWORD)) && word=$rest
    words[${'$'}{#words[@]} - 1]+=${'$'}{word//[\"\'\\]/}
    rest=${'$'}{rest#"$word"}
  done
  cur=${'$'}{words[${'$'}{#words[@]} - 1]}
  mapfile -t lines < <("$1" __complete -- "${'$'}{words[@]:1}" 2>/dev/null)
  COMPREPLY=()
  ((${'$'}{#lines[@]} > 0)) || return 0
  kind=${'$'}{lines[${'$'}{#lines[@]} - 1]}
  unset "lines[${'$'}{#lines[@]} - 1]"
  # Bash replaces only the part after the last of these characters.
  [[ $COMP_WORDBREAKS == *:* ]] && breaks+=:
  [[ $COMP_WORDBREAKS == *=* ]] && breaks+='='
  if [[ -n $breaks && $cur == *[$breaks]* ]]; then before=${'$'}{cur%"${'$'}{cur##*[$breaks]}"}; fi
  path=$cur
  [[ $cur == --*=* ]] && path=${'$'}{cur#*=}
  case $kind in
    :files | :directories)
      compopt -o filenames 2>/dev/null
      [[ $kind == :files ]] && word=-f || word=-d
      mapfile -t COMPREPLY < <(compgen "$word" -- "$path")
      ;;
    *)
      for line in "${'$'}{lines[@]}"; do
        word=${'$'}{line%%$'\t'*}
        [[ $word == "$cur"* ]] && COMPREPLY+=("${'$'}{word#"$before"}")
      done
      [[ $kind == :open ]] && compopt -o nospace 2>/dev/null
      ;;
  esac
  return 0
}
complete -F _outboard outboard
`;

const zsh = String.raw`#compdef outboard
# Completion of outboard for zsh: install this file as _outboard in a directory of $fpath, or source it after compinit.
_outboard() {
  local -a lines described open
  local line word kind
  lines=("${'$'}{(@f)$("${'$'}{(Q)words[1]}" __complete -- "${'$'}{(@Q)words[2,CURRENT-1]}" "${'$'}{(Q)PREFIX}" 2>/dev/null)}")
  kind=$lines[-1]
  lines[-1]=()
  case $kind in
    :files) compset -P '--*='; _files ;;
    :directories) compset -P '--*='; _files -/ ;;
    *)
      for line in $lines; do
        word=${'$'}{line%%$'\t'*}
        if [[ $line == *$'\t'* ]]; then
          described+=("${'$'}{word//:/\\:}:${'$'}{line#*$'\t'}")
        else
          described+=("${'$'}{word//:/\\:}")
        fi
      done
      [[ $kind == :open ]] && open=(-S '')
      _describe -t outboard outboard described "${'$'}{open[@]}"
      ;;
  esac
}
if [[ $funcstack[1] == _outboard ]]; then
  _outboard "$@"
else
  compdef _outboard outboard
fi
`;

const fish = String.raw`# Completion of outboard for fish: install this file as outboard.fish in a directory of $fish_complete_path, such as
# ~/.config/fish/completions, or source it.
function __outboard_complete
    set -l words (commandline --tokenize --cut-at-cursor --current-process)
    set -l current (commandline --cut-at-cursor --current-token)
    set -l lines ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
    set -q lines[1]; or return
    set -l kind $lines[-1]
    set -e lines[-1]
    set -l option (string match --regex -- '^--[^=]*=' "$current"; or echo '')
    set -l path (string replace --regex -- '^--[^=]*=' '' "$current")
    switch $kind
        case :files
            printf '%s\n' $option(__fish_complete_path "$path")
        case :directories
            printf '%s\n' $option(__fish_complete_directories "$path" '')
        case '*'
            set -q lines[1]; and printf '%s\n' $lines
    end
end
complete --command outboard --no-files --arguments '(__outboard_complete)'
`;

/** The script of each shell. */
export const shellScripts: Readonly<Record<string, string>> = { bash, zsh, fish };
