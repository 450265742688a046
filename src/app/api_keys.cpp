#include "app/api_keys.h"

#include "app/key_files.h"

namespace darkroom::app {
namespace {

constexpr auto admin_name = "admin";

Result<AdminKey, std::string> key_text(const std::filesystem::path& file,
                                       const std::optional<std::string>& given, ports::Random& random) {
    const auto before = read_small_file(file);
    if (given) {
        // Kept beside the data as well, so that the command line on this machine works without being told.
        if (before != given) {
            if (auto written = write_private_file(file, *given + "\n"); !written)
                return Fail(written.error());
        }
        return AdminKey{*given, false};
    }
    auto key = load_or_create_secret(file, "dr_", random);
    if (!key) return Fail(key.error());
    return AdminKey{*std::move(key), !before || before->empty()};
}

}  // namespace

Result<AdminKey, std::string> install_admin_key(const std::filesystem::path& data_dir,
                                                const std::string& maker,
                                                const std::optional<std::string>& given,
                                                ports::JobStore& store, const ports::Clock& clock,
                                                ports::Random& random) {
    auto admin = key_text(data_dir / "admin.key", given, random);
    if (!admin) return admin;
    const auto name = given || maker.empty() ? std::string(admin_name) : admin_name + (" of " + maker);
    const auto digest = sha256(admin->key);
    const auto known = store.list_api_keys();
    if (!known) return Fail("The keys could not be read: " + known.error().detail);
    bool installed = false;
    for (const auto& key : *known) {
        if (key.name != name || key.revoked_at) continue;
        if (key.digest == digest) {
            installed = true;
        } else if (const auto revoked = store.revoke_api_key(key.digest, clock.now()); !revoked) {
            return Fail("An earlier admin key could not be revoked: " + revoked.error().detail);
        }
    }
    if (installed) return admin;
    const ports::ApiKey key{.digest = digest,
                            .name = name,
                            .user = *UserId::parse(admin_name),
                            .admin = true,
                            .created_at = clock.now(),
                            .revoked_at = std::nullopt};
    if (const auto put = store.put_api_key(key); !put)
        return Fail("The admin key could not be stored: " + put.error().detail);
    return admin;
}

}  // namespace darkroom::app
