// The JSON of `schemes`.

package import WinitInitializers
package import WinitJSON

/// The schemes that a spec may name.
package enum SchemeCatalog {
  /// All schemes.
  package static var schemes: [SchemeInfo] { WinitInitializers.Scheme.catalog }

  /// Returns a scheme by its name or an alias.
  ///
  /// - Throws: `RegistryError` with the code `unknownName`.
  package static func scheme(named name: String) throws -> SchemeInfo {
    do { return try WinitInitializers.Scheme.info(name) } catch {
      throw RegistryError(.unknownName, "\(error)", subject: name, underlying: error)
    }
  }
}

/// Schemes with their parameters.
package struct SchemeListReport: Sendable, JSONReport {
  package let schemes: [SchemeInfo]

  package init(schemes: [SchemeInfo]) { self.schemes = schemes }

  package var jsonValue: JSONValue { ["schemes": .array(schemes.map(\.jsonValue))] }
}

extension SchemeInfo: JSONReport {
  /// The scheme's names, formula, use, source and parameters.
  package var jsonValue: JSONValue {
    [
      "name": .string(name), "aliases": .strings(aliases), "formula": .string(formula), "use": .string(use),
      "source": .string(source),
      "parameters": .array(
        parameters.map { parameter in
          [
            "name": .string(parameter.name), "kind": .string(parameter.isNumber ? "number" : "word"),
            "default": .optional(parameter.fallback),
          ]
        }),
    ]
  }
}
