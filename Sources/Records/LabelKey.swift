import Foundation

/// What makes two spellings of a label one label: NFC and case folding, so that cats, Cats and CATS are the same.
package enum LabelKey {
    package static func key(of name: String) -> String {
        name.folding(options: .caseInsensitive, locale: nil).precomposedStringWithCanonicalMapping
    }
}
