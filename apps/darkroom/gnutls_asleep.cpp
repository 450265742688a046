// Debian's libcurl and libpq bring GnuTLS along (for LDAP and RTMP, which nobody here speaks; what Darkroom
// speaks is OpenSSL's). As soon as it is loaded it makes itself ready, which costs every process most of a
// MiB and some milliseconds, unless the program says that it will call it itself: GNUTLS_SKIP_GLOBAL_INIT of
// its manual, spelled out, because its headers are not needed for anything else. LDAP and RTMP make it ready
// before their first use.
extern "C" int _gnutls_global_init_skip();               // NOLINT: GnuTLS's name
extern "C" int _gnutls_global_init_skip() { return 1; }  // NOLINT
