// The completion scripts of the shells: ArgumentParser's, with corrections for bash and zsh.

import ArgumentParser

/// The script that `--generate-completion-script SHELL` prints.
enum CompletionScript {
  /// The script that the command line asks for; nil if it asks for none, or for one of an unknown shell, which
  /// ArgumentParser reports.
  static var requested: String? {
    let arguments = CommandLine.arguments.dropFirst()
    guard arguments.count == 2, arguments.first == "--generate-completion-script",
      let shell = arguments.last.flatMap(CompletionShell.init(rawValue:))
    else { return nil }
    let script = WinitRegistryCommand.completionScript(for: shell)
    return switch shell {
    case .bash: String(script.trimmingPrefix("#!/bin/bash\n")) + bashCorrections
    case .zsh:
      script.split(separator: "\n", omittingEmptySubsequences: false).map(withEqualsSign).joined(separator: "\n")
    default: script
    }
  }

  /// Lets `--option=value` be completed as `--option value` is. In an argument of `_arguments`, a name that ends in `=`
  /// takes a value either way; ArgumentParser's script leaves the sign out. An option with a value has `]:` after its
  /// description, in which colons are escaped.
  private static func withEqualsSign(_ line: Substring) -> String {
    let specification = line.drop { $0 == " " }
    guard specification.hasPrefix("'"), specification.contains("]:"), let end = specification.firstIndex(of: "["),
      specification[..<end].contains("--")
    else { return String(line) }
    // `--option[` or, for an option with two names, `{--option,-o}'[`.
    let brace = specification[..<end].firstIndex(of: "{")
    let place = brace.flatMap { specification[$0..<end].firstIndex(of: ",") } ?? end
    return String(line[..<place] + "=" + line[place...])
  }

  /// Functions that replace those of ArgumentParser's script, which has these faults:
  /// - `compgen -W` expands every word: a tensor with the name `$(rm -rf ~)` would run a command.
  /// - Bash splits words at `:`, `=` and `@`, which references to runs contain.
  /// - `-o filenames` adds `/` to the name of a run if there is a folder of this name.
  /// - Errors of the command appear on the terminal.
  ///
  /// Bash 3, which macOS has, lacks `compopt`; there, words are quoted as file names.
  private static let bashCorrections = #"""

    # The candidates of one word, without expansions. `cur` is the text to complete.
    __winit-registry_add_completions() {
        local candidate
        local -r start="${cur//\\/}"
        if [[ "${1}" = -W ]]; then
            are_files=false
            while IFS='' read -r candidate; do
                [[ -n "${candidate}" && "${candidate}" = "${start}"* ]] && COMPREPLY+=("${candidate}")
            done <<< "${2}"
        else
            are_files=true
            compopt -o filenames 2> /dev/null
            while IFS='' read -r candidate; do
                COMPREPLY+=("${candidate}")
            done < <(IFS=$'\n' compgen "${@}" -- "${cur}" 2> /dev/null)
        fi
    }

    # The candidates that the command gives.
    __winit-registry_custom_complete() {
        local program="${COMP_WORDS[0]}"
        [[ "${program}" = '~/'* ]] && program="${HOME}/${program:2}"
        type -P -- "${program}" > /dev/null 2>&1 || program=winit-registry
        "${program}" "${@}" "${COMP_WORDS[@]}" 2> /dev/null < /dev/null
    }

    # Joins the words that bash split at `:`, `=` and `@`, and completes the word before the cursor. The words
    # `--option=value` become two.
    __winit-registry_complete() {
        local -r quoted="${COMP_WORDS[COMP_CWORD]}"
        local -a words=()
        local -i cword=0 start=0 offset=0 i
        local line="${COMP_LINE}" word trimmed is_value=false
        for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
            word="${COMP_WORDS[i]}"
            trimmed="${line#"${line%%[![:space:]]*}"}"
            if ((i == 0)) || [[ "${trimmed}" != "${line}" ]] || "${is_value}"; then
                if "${is_value}" && [[ "${trimmed}" != "${line}" ]]; then words+=(''); fi
                offset=$((offset + ${#line} - ${#trimmed}))
                words+=("${word}")
                is_value=false
                start="${offset}"
            elif [[ "${word}" = '=' && "${words[${#words[@]} - 1]}" = --* ]]; then
                is_value=true
                start="$((offset + 1))"
            else
                words[${#words[@]} - 1]+="${word}"
            fi
            offset=$((offset + ${#word}))
            line="${trimmed#"${word}"}"
            if ((i == COMP_CWORD)); then
                cword=$((${#words[@]} - 1))
                if "${is_value}"; then
                    words+=('')
                    cword+=1
                    is_value=false
                fi
                break
            fi
        done
        local -r command="${words[0]}" previous="${words[cword > 0 ? cword - 1 : 0]}"
        local text="${COMP_LINE:start:COMP_POINT - start}"
        # Inside quotes bash splits nothing, and completes the text after the quote.
        [[ "${quoted}" = [\'\"]* ]] && text="${2}"

        local -a COMP_WORDS=("${words[@]}" "${COMP_WORDS[@]:COMP_CWORD + 1}")
        local -i COMP_CWORD="${cword}"
        local are_files=false
        COMPREPLY=()
        _winit-registry "${command}" "${text}" "${previous}"

        # Readline replaces only the text after the last character at which bash splits words.
        local kept="${text}"
        while [[ -n "${kept}" && ! ("${kept: -1}" = [:=@] && "${COMP_WORDBREAKS}" = *"${kept: -1}"*) ]]; do
            kept="${kept%?}"
        done
        [[ "${quoted}" = [\'\"]* ]] && kept=''
        for i in "${!COMPREPLY[@]}"; do
            word="${COMPREPLY[i]#"${kept//\\/}"}"
            if ! "${are_files}" && type compopt > /dev/null 2>&1; then
                case "${quoted}" in
                    \'*) word="${word//\'/\'\\\'\'}" ;;
                    \"*)
                        word="${word//\\/\\\\}"
                        word="${word//\"/\\\"}"
                        word="${word//\$/\\\$}"
                        word="${word//\`/\\\`}"
                        ;;
                    *) printf -v word %q "${word}" ;;
                esac
            fi
            COMPREPLY[i]="${word}"
        done
        if [[ "${#COMPREPLY[@]}" -eq 1 && "${COMPREPLY[0]}" = *= ]]; then compopt -o nospace 2> /dev/null; fi
    }

    if type compopt > /dev/null 2>&1; then
        complete -F __winit-registry_complete winit-registry
    else
        complete -o filenames -F __winit-registry_complete winit-registry
    fi

    """#
}
