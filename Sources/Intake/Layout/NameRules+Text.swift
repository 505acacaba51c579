internal import System

extension NameRules {
    /// Whether a file's name says that it is a text, a list or code, such as data sets contain: its place doesn't show
    /// where the pictures are. It is taken like any other file, and its content decides.
    static func isText(_ path: RawPath) -> Bool {
        let name = lowercased(path.last).bytes
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return titles.contains(RawPath(name)) }
        return endings.contains(RawPath(name[(dot + 1)...])) || titles.contains(RawPath(name[..<dot]))
    }

    /// Whether a file's name ends like that of a picture, of a format that is decoded or not.
    static func isNamedLikePicture(_ name: RawPath) -> Bool {
        let name = lowercased(name).bytes
        guard let dot = name.lastIndex(of: UInt8(ascii: ".")) else { return false }
        return pictureEndings.contains(RawPath(name[(dot + 1)...]))
    }

    private static let pictureEndings: Set<RawPath> = Set(
        [
            "jpg", "jpeg", "jpe", "jfif", "png", "webp", "heic", "heif", "avif", "gif", "bmp", "tif", "tiff", "jp2",
            "jxl",
        ].map { RawPath($0) })
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
