// Unknown commands and options, and numbers that an option does not take.

import Testing
import WinitTestSupport

@Suite struct UsageErrorTests {
  @Test(arguments: [
    ("creat", "`create`"), ("craete", "`create`"), ("cre", "`create`"), ("CREATE", "`create`"), ("lst", "`list`"),
    ("ver", "`verify` or `version`"), ("mat", "`materialize`"), ("sho", "`show`"),
    // The words of other programs.
    ("delete", "`rm`"), ("remove", "`rm`"), ("ls", "`list`"), ("init", "`create`"), ("new", "`create`"),
    ("mv", "`rename`"), ("history", "`log`"), ("check", "`verify`"), ("compare", "`diff`"), ("prune", "`gc`"),
    ("fsck", "`doctor`"), ("repair", "`doctor`"), ("du", "`stats`"), ("undelete", "`restore`"), ("cp", "`backup`"),
    ("load", "`import`"), ("info", "`show`"), ("presets", "`preset`"), ("search", "`identify`"),
    // Groups of commands.
    ("preset sho", "`preset show`"), ("preset gpt2", "`preset show gpt2`"), ("schemes ls", "`schemes show ls`"),
  ])
  func `an unknown command suggests the command that is meant`(words: String, suggestion: String) throws {
    let place = try Workplace()
    for more in ["", " x y", " --registry r --json=x"] {
      let outcome = try place.run(words + (words.contains(" ") ? "" : more))
      #expect(outcome.status == 64 && outcome.output.isEmpty)
      #expect(
        outcome.errors.hasPrefix("error: unknown command `\(words)`; did you mean \(suggestion)?"), "\(outcome.errors)")
    }
  }

  @Test(arguments: ["frobnicate", "x", "", "é", "--", "create2create"])
  func `a word that is like no command suggests none`(word: String) throws {
    let outcome = try Workplace().run("", word.isEmpty ? [""] : [word, "xyzzy"])
    #expect(outcome.status == 64)
    #expect(
      outcome.errors.hasPrefix("error: unknown command") && !outcome.errors.contains("did you mean"),
      "\(outcome.errors)")
  }

  @Test func `help of an unknown command fails, and help of a command is that of --help`() throws {
    let place = try Workplace()
    for words in ["help nope", "help creat", "help create nope", "help preset shw", "help list --help nope"] {
      let outcome = try place.run(words)
      #expect(outcome.status == 64 && outcome.output.isEmpty, "\(words)")
      #expect(outcome.errors.hasPrefix("error: "), "\(words)")
    }
    #expect(try place.run("help creat").errors.contains("did you mean `create`?"))
    for words in try ["", "preset"] + ListedCommand.all().map(\.words) {
      #expect(try place.succeed("help \(words)").output == place.succeed("\(words) --help").output)
    }
  }

  @Test func `an option of the program has its meaning after a command too`() throws {
    let place = try Workplace()
    for command in try ListedCommand.all() {
      #expect(try place.succeed("\(command.words) --version").output == place.succeed("--version").output)
      #expect(try place.succeed("\(command.words) --generate-completion-script fish").output.contains("complete -c"))
    }
  }

  @Test(arguments: [
    ("list --limt 3", "`--limit`"), ("list --jsn", "`--json`"), ("list --reg r", "`--registry`"),
    ("get t --tensors w", "`--tensor`"), ("verify t --agianst f", "`--against`"),
    // The unknown option is why another one is missing.
    ("create t --spec t.yaml --sed 1", "`--seed`"), ("create t --spec t.yaml --sed=1", "`--seed`"),
    ("create t -s 1", "`--spec`, `--seed`, `--software` or `--shared`"), ("export t --ouput x", "`--output`"),
    ("graft a b --take w --a c", "`--as`"), ("--verison", "`--version`"),
  ])
  func `an unknown option suggests the option that is meant`(words: String, suggestion: String) throws {
    let outcome = try Workplace().run(words)
    #expect(outcome.status == 64 && outcome.output.isEmpty)
    #expect(
      outcome.errors.hasPrefix("error: ") && outcome.errors.contains("did you mean \(suggestion)?"), "\(outcome.errors)"
    )
  }

  @Test func `an option before the command says where options belong, and one that is like no other suggests none`()
    throws
  {
    let place = try Workplace()
    #expect(try place.run("--registry r list").errors.contains("Write it after the command"))
    for words in ["list --zigzag", "list -z 3", "--zigzag", "-x list", "-r list"] {
      let outcome = try place.run(words)
      #expect(
        outcome.status == 64 && !outcome.errors.contains("--tag") && !outcome.errors.contains("did you mean"))
    }
  }

  @Test(arguments: ["-1", "abc", "1e3", "18446744073709551616", "", " 1", "0x10", "1.0", "−1", "1_000"])
  func `a seed that is none says what a seed is`(seed: String) throws {
    let place = try Workplace()
    for command in ["create t --spec t.yaml", "list"] {
      let outcome = try place.run(command, ["--seed", seed])
      #expect(outcome.status == 64)
      #expect(outcome.errors.hasPrefix("error: the value '\(seed)' is invalid for '--seed"), "\(outcome.errors)")
      #expect(outcome.errors.contains("0 to 18446744073709551615"))
    }
  }

  @Test func `every option that takes a number, a size, a span or a time says what it takes instead of -5`() throws {
    let place = try Workplace()
    var count = 0
    for command in try ListedCommand.all() {
      for option in command.options {
        guard let value = option.valueName, ["n", "size", "span", "time", "seconds"].contains(value) else { continue }
        count += 1
        let outcome = try place.run("\(command.words) \(option.name) -5")
        #expect(outcome.status == 64)
        #expect(
          outcome.errors.hasPrefix("error: the value '-5' is invalid for '\(option.name) <\(value)>': "),
          "\(command.words) \(option.name): \(outcome.errors)")
      }
    }
    #expect(count >= 20)
  }
}
