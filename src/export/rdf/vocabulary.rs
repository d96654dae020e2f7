//! The terms that the RDF is made of.

use oxrdf::NamedNodeRef;

macro_rules! terms {
    ($(all in $all:ident,)? $namespace:literal: $($name:ident = $local:literal;)*) => {
        $(pub(in crate::export) const $name: NamedNodeRef<'static> =
            NamedNodeRef::new_unchecked(concat!($namespace, $local));)*
        terms! { @all $($all)?: $($name)* }
    };
    (@all : $($name:ident)*) => {};
    (@all $all:ident: $($name:ident)*) => {
        /// All terms of the namespace that are written.
        #[cfg(test)]
        pub(in crate::export) const $all: &[NamedNodeRef<'static>] = &[$($name),*];
    };
}

/// rtrace's own terms.
pub(in crate::export) const RTRACE: &str = "https://w3id.org/rtrace/ns#";
/// W3C PROV-O.
pub(in crate::export) const PROV: &str = "http://www.w3.org/ns/prov#";
/// RDF's own.
pub(in crate::export) const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
/// RDF Schema.
pub(in crate::export) const RDFS: &str = "http://www.w3.org/2000/01/rdf-schema#";
/// XML Schema's datatypes.
pub(in crate::export) const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

terms! { all in RTRACE_TERMS, "https://w3id.org/rtrace/ns#":
    RUN_CLASS = "Run";
    HOST_CLASS = "Host";
    PROCESS_CLASS = "Process";
    THREAD_CLASS = "Thread";
    EXECUTION_CLASS = "Execution";
    CALL_CLASS = "Call";
    EXEC_CLASS = "Exec";
    START_CLASS = "Start";
    EXIT_CLASS = "Exit";
    SIGNAL_CLASS = "Signal";
    STOP_CLASS = "Stop";
    CONTINUE_CLASS = "Continue";
    DETACH_CLASS = "Detach";
    BLIND_SPOT_CLASS = "BlindSpot";
    FILE_STATE_CLASS = "FileState";
    FILE_VERSION_CLASS = "FileVersion";
    USAGE_CLASS = "Usage";
    PASSAGE_CLASS = "Passage";
    FILE_CLASS = "File";
    DIRECTORY_CLASS = "Directory";
    DEVICE_CLASS = "Device";
    TERMINAL_CLASS = "Terminal";
    SHARED_MEMORY_CLASS = "SharedMemory";
    MESSAGE_QUEUE_CLASS = "MessageQueue";
    SEMAPHORE_CLASS = "Semaphore";
    USER_CLASS = "User";
    PIPE_CLASS = "Pipe";
    SOCKET_CLASS = "Socket";
    DATABASE_CLASS = "Database";
    FUNCTION_CLASS = "Function";
    ANONYMOUS_CLASS = "Anonymous";
    SYSTEM_FILES_CLASS = "SystemFiles";

    RUN = "run";
    HOST = "host";
    LABEL_BYTES = "labelBytes";
    MACHINE_ID = "machineId";
    BOOT_ID = "bootId";
    ADDRESS = "address";
    RECORDED_CALLS = "recordedCalls";
    LEFT_OUT = "leftOut";
    CUT_TO = "cutTo";
    KEPT_BYTES = "keptBytes";
    PARTIAL = "partlyRecordedIn";
    KERNEL = "kernel";
    COMMAND = "command";
    COMMAND_BYTES = "commandBytes";
    MONIKER = "moniker";
    MONIKER_BYTES = "monikerBytes";
    AUTHORITY = "authority";
    AUTHORITY_BYTES = "authorityBytes";
    PID = "pid";
    TID = "tid";
    PARENT = "parent";
    PROCESS = "process";
    EXECUTION = "execution";
    RUNS_AS = "runsAs";
    STARTED_BY = "startedBy";
    EXECUTABLE = "executable";
    COMMAND_LINE = "commandLine";
    COMMAND_LINE_BYTES = "commandLineBytes";
    ARGV = "argv";
    ENVIRONMENT = "environment";
    ENVIRONMENT_BYTES = "environmentBytes";
    WORKING_DIRECTORY = "workingDirectory";
    EXIT_CODE = "exitCode";
    KILLED_BY = "killedBy";
    CALL_COUNT = "callCount";
    ERROR_COUNT = "errorCount";
    ACCOUNTED_IN = "accountedIn";
    ACCOUNTED_OUT = "accountedOut";
    STORAGE_IN = "storageIn";
    STORAGE_OUT = "storageOut";

    THREAD = "thread";
    ORDINAL = "ordinal";
    DURATION = "duration";
    CALL = "call";
    FUNCTION = "function";
    ABI = "abi";
    ARGUMENTS = "arguments";
    RESULT = "result";
    ERROR = "error";
    UNFINISHED = "unfinished";
    SIGNAL = "signal";
    DESCRIPTOR = "descriptor";
    NEXT = "next";
    FORKS = "forks";
    JOINS = "joins";
    SIGNALS = "signals";
    NOTICED_AT = "noticedAt";
    REASON = "reason";
    FEEDS = "feeds";
    MAY_FEED = "mayFeed";
    OVERWRITTEN_BY = "overwrittenBy";
    VERSION = "version";

    BY_ACTIVITY = "activity";
    OF_RESOURCE = "resource";
    LOOKED_AT = "lookedAt";
    MISSED = "missed";
    FROM = "from";
    TO = "to";
    THROUGH = "through";
    FIRST = "firstAtTime";
    LAST = "lastAtTime";
    BYTES = "bytes";
    MESSAGES = "messages";
    CERTAIN = "certain";
    BYTES_IN = "bytesIn";
    BYTES_IN_AT_LEAST = "bytesInAtLeast";
    BYTES_OUT = "bytesOut";
    BYTES_OUT_AT_LEAST = "bytesOutAtLeast";
    WAS_CREATED = "wasCreated";
    WAS_MODIFIED = "wasModified";
    WAS_DELETED = "wasDeleted";
    OPEN_COUNT = "openCount";
    READ_COUNT = "readCount";
    WRITE_COUNT = "writeCount";
    MAP_COUNT = "mapCount";
    SHARED_MAP_COUNT = "sharedMapCount";
    EXECUTE_COUNT = "executeCount";
    LIST_COUNT = "listCount";
    LOOK_COUNT = "lookCount";
    TRUNCATE_COUNT = "truncateCount";
    MAKE_COUNT = "makeCount";
    REMOVE_COUNT = "removeCount";
    ALTER_COUNT = "alterCount";
    CONNECT_COUNT = "connectCount";
    OTHER_COUNT = "otherCount";
    FAILURE_COUNT = "failureCount";

    PATH = "path";
    PATH_BYTES = "pathBytes";
    DEVICE = "device";
    INODE = "inode";
    SEEN_AT = "seenAtTime";
    FOUND = "foundState";
    LEFT = "leftState";
    CONTENT = "content";
    MODE = "mode";
    SIZE = "size";
    MODIFIED = "modified";
    CHANGED = "changed";
    BLAKE3 = "blake3";
    HASHED_PART = "hashedPart";
    STALE = "stale";
    BUILD_ID = "buildId";
    LOADER = "loader";
    LOADER_BYTES = "loaderBytes";
    SCRIPT = "script";
    SCRIPT_BYTES = "scriptBytes";
    INTERPRETERS = "interpreters";
    PROTOCOL = "protocol";
    LOCAL = "localAddress";
    LOCAL_BYTES = "localAddressBytes";
    REMOTE = "remoteAddress";
    REMOTE_BYTES = "remoteAddressBytes";

    REMOTE_HOST = "remoteHost";
    IDENTIFIER = "identifier";
    KEY = "key";

    SYSTEM = "system";
    SERVER = "server";
    SERVER_BYTES = "serverBytes";
    DATABASE_NAME = "databaseName";
    DATABASE_NAME_BYTES = "databaseNameBytes";
    DATABASE = "database";
    DATABASE_USER = "databaseUser";
    DATABASE_USER_BYTES = "databaseUserBytes";
    USES_DATABASE = "usesDatabase";
    MAY_USE_DATABASE = "mayUseDatabase";
    SERVES_DATABASE = "servesDatabase";
    SQL = "sql";
    SQL_BYTES = "sqlBytes";
    SQL_CUT = "sqlCut";
    ASKS = "asks";

    NAMES = "names";
    OPENS = "opens";
    MAKES = "makes";
    CLOSES = "closes";
    DUPS = "duplicates";
    READS = "reads";
    WRITES = "writes";
    COPIES = "copies";
    LISTS = "lists";
    LOOKS = "looksAt";
    ALTERS = "alters";
    TRUNCATES = "truncates";
    CREATES = "creates";
    LINKS = "links";
    RENAMES = "renames";
    UNLINKS = "unlinks";
    MOVES = "movesTo";
    ROOTS = "setsRoot";
    MOUNTS = "mounts";
    MAPS = "maps";
    BINDS = "binds";
    LISTENS = "listensOn";
    ACCEPTS = "acceptsOn";
    CONNECTS = "connects";
    LINK_CLASS = "Link";
    SAME_RESOURCE_AS = "sameResourceAs";
    LINKED_THING = "linkedThing";
    LINK_REASON = "linkReason";
    CONFIDENCE = "confidence";
    EVIDENCE = "evidence";
    ALIGNED_START = "alignedStart";
    CLOCK_RATE = "clockRate";
    CLOCK_ERROR = "clockError";
    SENDS = "sendsTo";
    RECEIVES = "receivesFrom";
    EXECS = "executes";
    CONTROLS = "controls";
    BECOMES = "becomes";
}

terms! { all in PROV_TERMS, "http://www.w3.org/ns/prov#":
    ACTIVITY = "Activity";
    AGENT = "Agent";
    ENTITY = "Entity";
    USED = "used";
    WAS_GENERATED_BY = "wasGeneratedBy";
    WAS_INFORMED_BY = "wasInformedBy";
    WAS_DERIVED_FROM = "wasDerivedFrom";
    WAS_ASSOCIATED_WITH = "wasAssociatedWith";
    STARTED_AT = "startedAtTime";
    ENDED_AT = "endedAtTime";
    AT_TIME = "atTime";
    SPECIALIZATION_OF = "specializationOf";
}

terms! { "http://www.w3.org/1999/02/22-rdf-syntax-ns#":
    TYPE = "type";
    JSON = "JSON";
}

terms! { "http://www.w3.org/2000/01/rdf-schema#":
    LABEL = "label";
}

terms! { "http://www.w3.org/2002/07/owl#":
    SAME_AS = "sameAs";
}

terms! { "http://www.w3.org/2001/XMLSchema#":
    INTEGER = "integer";
    BOOLEAN = "boolean";
    DECIMAL = "decimal";
    DATE_TIME = "dateTime";
    BASE64 = "base64Binary";
}
