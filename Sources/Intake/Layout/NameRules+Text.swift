internal import System

extension NameRules {
    /// Whether a file's name says that it is a text, a list or code, such as data sets contain: its place doesn't show
    /// where the pictures are. It is taken like any other file, and its content decides.
    static func isText(_ path: RawPath) -> Bool {
        let name = lowercased(path.last).bytes
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return titles.contains(RawPath(name)) }
        return endings.contains(RawPath(name[(dot + 1)...])) || titles.contains(RawPath(name[..<dot]))
    }

    private static let endings: Set<RawPath> = Set(
        [
            "txt", "md", "rst", "rtf", "pdf", "doc", "docx", "htm", "html", "csv", "tsv", "xls", "xlsx", "json",
            "jsonl",
            "xml", "yaml", "yml", "toml", "ini", "cfg", "conf", "log", "names", "arrow", "parquet", "mat",
            "npy",
            "npz", "pkl", "h5", "hdf5", "db", "sqlite", "py", "ipynb", "sh", "js",
        ].map { RawPath($0) })
    private static let titles: Set<RawPath> = Set(
        ["readme", "license", "licence", "copying", "notice", "citation", "changelog", "authors"].map { RawPath($0) })
}
