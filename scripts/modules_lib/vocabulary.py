"""What can't be read off this package: names of the toolchain's modules, of other packages and of C libraries.

Not all names, but those by which users of a module here can be told. Where an import is called unused and isn't, the
name that it is there for is missing below. Each word is a regular expression.
"""

from __future__ import annotations

from dataclasses import dataclass

TOOLCHAIN = {
    "Dispatch", "Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Observation", "RegexBuilder",
    "Swift", "Synchronization",
}  # fmt: skip
"""Modules that nobody has to declare."""

COMMON = {
    "Logging": "whoever has something to tell is handed a Logger",
    "SystemPackage": "FilePath, FileDescriptor and Errno are the words in which modules speak of files",
}
"""Modules of other packages that any target may import, with the reason. Each of the others has one importing target,
so that what depends on somebody else's design is in one place."""


@dataclass(frozen=True)
class Vocabulary:
    top: str = ""
    """Names that nothing else has: each proves a use."""
    functions: str = ""
    """The same, but only where no dot stands before them."""
    members: str = ""
    """Names of members that others have too: they prove a use where one of the above may be at hand."""
    labels: str = ""
    """Labels that nothing else has."""


_C_NAMES = r"""
    [A-Z]+_[A-Z0-9_]+ E[A-Z0-9]{2,} SIG[A-Z0-9]+ errno
    f?(chmod|chown|datasync|open|read|stat|sync|truncate|write)(at|fs|v)? (access|link|mkdir|readlink|rename)(at)?
    (fdopen|open|close|read|rewind)dir (nftw|ftw|glob|fnmatch|DIR|dirent|dirfd|realpath|rmdir|umask|mk[ds]temp)
    (symlink|unlink|utimens)(at)? \w*xattr close copy_file_range dup[23]? fallocate fcntl flock futimens ioctl
    lseek madvise memfd_create m?sync mmap mprotect munmap pipe2? p?poll p?select p(read|write) sendfile splice
    stat(fs|vfs|x)
    (accept4?|bind|connect|iovec|listen|msghdr|recv\w*|send\w*|shutdown|sockaddr\w*|socket\w*|[gs]etsockopt)
    _?exit abort atexit exec[lv]\w* fork kill posix_\w+ prctl pthread_\w+ raise rlimit rusage sched_\w+ sem_\w+
    sig(action|altstack|nal|pending|procmask|queue|suspend|wait\w*|\w*set(_t)?) waitpid W(EXITSTATUS|IF\w+|TERMSIG)
    get[a-z]*(id|addr|cwd|entropy|env|gr\w+|name|opt|pid|pw\w+|random|rlimit|rusage) setenv setrlimit sysconf
    uname unsetenv (dev|gid|ino|mode|off|pid|size|ssize|time|uid)_t
    clock_\w+ (gm|local)time_r nanosleep strftime time timespec timeval u?sleep
    aligned_alloc calloc free malloc mem(chr|cmp|cpy|mem|move|rchr|set) realloc
    str(casecmp|chr|cmp|coll|cpy|dup|error|len|n[a-z]+|rchr|signal|spn|str|tod|tof|tok|toull?|toll?)(_r)?
    FILE f?(close|flush|put[cs]|s?printf) fdopen getline isatty puts std(err|in|out) tc[gs]etattr vs?n?printf
    winsize
    a?(cos|sin|tan2?)h?f? cbrt ceilf? erfc?f? exp(2|m1)?f? f(abs|ma|max|min|mod)f? fe[a-z]+ fenv_t floorf? frexp
    hypotf? ldexp lgamma log(10|1p|2)?f? powf? roundf? s?rand(om)? sqrtf? tgamma truncf?
"""

_FOUNDATION = Vocabulary(
    r"""
    Bundle ByteCountFormatter Calendar CharacterSet CocoaError ContiguousBytes Data DataProtocol Date DateComponents
    DateFormatter Decimal File(Attribute\w+|Handle|Manager) ISO8601\w+ IndexPath IndexSet JSON(Decoder|Encoder)
    JSONSerialization Locale LocalizedError Measurement MutableDataProtocol NS[A-Z]\w+ ObjCBool OperationQueue
    POSIXError\w* Pipe Process ProcessInfo PropertyList\w+ RunLoop Thread TimeInterval TimeZone Timer URL\w* UUID
    addingPercentEncoding appendingPathComponent capitalized caseInsensitiveCompare convert(From|To)SnakeCase
    date(De|En)codingStrategy folding formatted iso8601 lastPathComponent localized[A-Z]\w+ outputFormatting
    (de|pre)composedStringWith\w+ replacingOccurrences sortedKeys timeIntervalSince\w* trimmingCharacters
    whitespaces\w* withoutEscapingSlashes
    """,
    functions=_C_NAMES,
    members="write",
    labels="atomically contentsOfFile encoding format separatedBy",
)
"""Foundation hands Glibc's names on."""

MODULES = {
    "ArgumentParser": Vocabulary(
        r"""
        (Async)?Parsable(Arguments|Command) Argument\w* CleanExit Command(Configuration|Group) CompletionKind
        EnumerableFlag ExitCode ExpressibleByArgument Flag Option\w* ValidationError asyncParseAsRoot fullMessage
        helpMessage parseAsRoot parseOrExit
        """,
        members="exit exitCode",
    ),
    "Configuration": Vocabulary(r"[A-Z]\w+Provider AbsoluteConfigKey Config[A-Z]\w+ YAMLSnapshot"),
    "Crypto": Vocabulary("HMAC Hash(Function|edAuthenticationCode) Insecure SHA(256|384|512) SymmetricKey bits256"),
    "Dispatch": Vocabulary(r"Dispatch\w+"),
    "Foundation": _FOUNDATION,
    "FoundationEssentials": _FOUNDATION,
    "GRDB": Vocabulary(
        r"""
        Column\w* Database\w* (Fetchable|Persistable|MutablePersistable|Table)Record QueryInterfaceRequest ResultCode
        Row SQLITE_\w+ SQLRequest SQLite\w+ Statement\w* ValueObservation cachedStatement changesCount
        databaseQuestionMarks fromDatabaseValue in(Savepoint|Transaction) lastInsertedRowID makeStatement
        """,
        members=r"""
        backup checkpoint close columns databaseValue execute extendedResultCode fetch\w+ interrupt read resultCode sql
        write\w*
        """,
    ),
    "GRDBSQLite": Vocabulary(r"SQLITE_\w+ sqlite3_\w+"),
    "Glibc": Vocabulary(functions=_C_NAMES),
    "Logging": Vocabulary(
        r"LogEvent LogHandler Logger LoggingSystem StreamLogHandler SwiftLogNoOpLogHandler",
        members="critical debug info log logLevel notice trace warning",
    ),
    "ServiceLifecycle": Vocabulary(
        r"Service ServiceGroup\w* \w+GracefulShutdown gracefulShutdown withGracefulShutdownHandler"
    ),
    "SwiftProtobuf": Vocabulary(
        r"Binary(De|En)coding\w+ Google_\w+ Message discardUnknownFields serialized(Bytes|Data) unknownFields"
    ),
    "Synchronization": Vocabulary("Atomic AtomicLazyReference Mutex WordPair", members=r"load store withLock\w*"),
    "SystemPackage": Vocabulary(
        r"""
        CInterop Errno File(Descriptor|Path|Permissions) closeAfter exclusiveCreate lastComponent lexicallyNormalized
        noFollow nonBlocking (group|other|owner)(Execute|Read|Write)\w* readOnly readWrite remov(e|ing)LastComponent
        standard(Error|Input|Output) withPlatformString writeAll writeOnly
        badFileDescriptor fileExists fileNameTooLong fileTooLarge improperLink invalidArgument ioError isDirectory
        no(ChildProcess|Memory|Space|SuchAddressOrDevice|SuchFileOrDirectory) not(Directory|Permitted|Supported)
        permissionDenied quotaExceeded readOnlyFileSystem resource[A-Z]\w+ tooMany[A-Z]\w+ wouldBlock
        """,
        members="""
        appending close components duplicate extension length open pushing rawValue read resize root seek stem string
        truncate write
        """,
    ),
    "UnixSignals": Vocabulary(r"UnixSignal\w* sig(hup|int|quit|term|usr[12])"),
    "Yams": Vocabulary(r"Emitter Mark Parser YAML\w+ YamlError", members="compose line mapping scalar sequence"),
}

HEADERS = {
    "cblas.h": r"CBLAS_\w+ Cblas\w+ cblas_\w+ openblas_\w+",
    "inotifytools/inotifytools.h": r"inotifytools_\w+",
    "sys/inotify.h": r"IN_[A-Z_]+ inotify_\w+",
    "openssl/evp.h": r"EVP_\w+",
    "openssl/hmac.h": r"HMAC",
}
"""The names in headers of C libraries, for the module maps that include them."""
