// AnchoredDisk: the files below one directory, reached without following symbolic links below it. For root, who works
// in directories that the daemons' users own and could fill with links. Every path must begin with that directory; any
// other one is EINVAL.
#pragma once

#include <string>

#include "system/os/fd.h"
#include "system/store/disk.h"

namespace sluice::standstill {

class AnchoredDisk final : public store::Disk {
 public:
  explicit AnchoredDisk(std::string root) : root_(std::move(root)) {}

  Result<std::unique_ptr<store::File>, int> open(const std::string& path, Open how, unsigned mode) override;
  Result<std::vector<std::string>, int> list(const std::string& directory) override;
  Result<void, int> make_directory(const std::string& path, unsigned mode) override;
  Result<void, int> remove_directory(const std::string& path) override;
  Result<void, int> sync_directory(const std::string& path) override;
  Result<void, int> sync_file_system(const std::string& directory) override;
  Result<void, int> rename(const std::string& from, const std::string& to) override;
  Result<void, int> link(const std::string& from, const std::string& to) override;
  Result<void, int> remove(const std::string& path) override;
  Result<std::unique_ptr<store::File>, int> lock(const std::string& path) override;

 private:
  struct Anchored {
    os::Fd directory;
    std::string path;  // through the descriptor, for as long as that is open
  };
  Result<os::Fd, int> enter(const std::string& directory) const;
  Result<Anchored, int> whole(const std::string& directory) const;  // of a directory itself
  Result<Anchored, int> entry(const std::string& path) const;       // of something in a directory

  const std::string root_;
};

}  // namespace sluice::standstill
