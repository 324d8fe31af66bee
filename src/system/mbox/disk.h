// The calls by which a delivery changes what is on disk, so that a test can make each of them fail or be the last thing
// that its process does. All are those of Linux: -1 and errno on failure.
#pragma once

#include <sys/types.h>

#include "base/bytes.h"

namespace sluice::mbox {

class Disk {
 public:
  virtual ~Disk() = default;
  virtual ssize_t write(int file, Octets octets);
  virtual int sync(int file);  // fsync, again if a signal came
  virtual int cut(int file, off_t size);
  virtual int set_attribute(int file, const char* name, Octets value);
  virtual int remove_attribute(int file, const char* name);
  virtual int create(int directory, const char* name);  // a new file of ours for reading and writing; its descriptor
  virtual int remove(int directory, const char* name);
};

}  // namespace sluice::mbox
