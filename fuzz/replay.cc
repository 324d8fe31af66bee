// Runs a fuzz target over files: every seed, and for each seed every prefix of its first 512 octets and a copy with
// each of its first 512 octets inverted, so that ordinary test runs already walk the error paths of the parser.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

void run_with_variations(std::string input) {
  run(input);
  const std::size_t reach = std::min<std::size_t>(input.size(), 512);
  for (std::size_t i = 0; i < reach; ++i) {
    run(input.substr(0, i));
    input[i] = static_cast<char>(~input[i]);
    run(input);
    input[i] = static_cast<char>(~input[i]);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t seeds = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      run_with_variations(std::string(std::istreambuf_iterator<char>(file), {}));
      ++seeds;
    }
  }
  std::printf("%zu seeds replayed\n", seeds);
  return seeds == 0 ? 1 : 0;  // a target without seeds tests nothing
}
