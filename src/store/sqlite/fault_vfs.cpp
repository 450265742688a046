#include "store/sqlite/fault_vfs.h"

#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/check.h"

namespace darkroom::store {
namespace {

// SQLite allocates szOsFile bytes: ours first, the real file's right behind.
struct FaultFile {
    sqlite3_file base;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    static FaultFile* of(sqlite3_file* file) { return reinterpret_cast<FaultFile*>(file); }
};

sqlite3_vfs* real_vfs() {
    static sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    return vfs;
}

int failure(int code, int error) {
    errno = error;
    return code;
}

int write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
    if (faults().disk_full) return failure(SQLITE_FULL, ENOSPC);
    if (faults().write_fails) return failure(SQLITE_IOERR_WRITE, EIO);
    auto* const real = FaultFile::of(file)->real();
    return real->pMethods->xWrite(real, data, size, offset);
}

int sync(sqlite3_file* file, int flags) {
    if (faults().sync_fails) return failure(SQLITE_IOERR_FSYNC, EIO);
    auto* const real = FaultFile::of(file)->real();
    const int code = real->pMethods->xSync(real, flags);
    if (code == SQLITE_OK) ++faults().syncs;
    return code;
}

// Everything else goes straight through.
template <auto Method, class... Args>
auto pass(sqlite3_file* file, Args... args) {
    auto* const real = FaultFile::of(file)->real();
    return (real->pMethods->*Method)(real, args...);
}

int close(sqlite3_file* file) {
    auto* const real = FaultFile::of(file)->real();
    return real->pMethods == nullptr ? SQLITE_OK : real->pMethods->xClose(real);
}

constexpr sqlite3_io_methods methods = {
    2,
    close,
    pass<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>,
    write,
    pass<&sqlite3_io_methods::xTruncate, sqlite3_int64>,
    sync,
    pass<&sqlite3_io_methods::xFileSize, sqlite3_int64*>,
    pass<&sqlite3_io_methods::xLock, int>,
    pass<&sqlite3_io_methods::xUnlock, int>,
    pass<&sqlite3_io_methods::xCheckReservedLock, int*>,
    pass<&sqlite3_io_methods::xFileControl, int, void*>,
    pass<&sqlite3_io_methods::xSectorSize>,
    pass<&sqlite3_io_methods::xDeviceCharacteristics>,
    pass<&sqlite3_io_methods::xShmMap, int, int, int, void volatile**>,
    pass<&sqlite3_io_methods::xShmLock, int, int, int>,
    pass<&sqlite3_io_methods::xShmBarrier>,
    pass<&sqlite3_io_methods::xShmUnmap, int>,
    nullptr,
    nullptr,
};

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* const real = FaultFile::of(file)->real();
    std::memset(real, 0, static_cast<std::size_t>(real_vfs()->szOsFile));
    const int code = real_vfs()->xOpen(real_vfs(), name, real, flags, out_flags);
    file->pMethods = code == SQLITE_OK ? &methods : nullptr;
    return code;
}

}  // namespace

Faults& faults() {
    static Faults faults;
    return faults;
}

std::string fault_vfs_name() {
    static sqlite3_vfs vfs;
    static std::once_flag once;
    std::call_once(once, [] {
        vfs = *real_vfs();
        vfs.szOsFile += static_cast<int>(sizeof(FaultFile));
        vfs.zName = "darkroom-faults";
        vfs.pNext = nullptr;
        vfs.xOpen = open;
        DR_CHECK(sqlite3_vfs_register(&vfs, 0) == SQLITE_OK);
    });
    return vfs.zName;
}

}  // namespace darkroom::store
