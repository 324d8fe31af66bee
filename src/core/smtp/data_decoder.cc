#include "core/smtp/data_decoder.h"

#include "core/smtp/octet_scan.h"

namespace sluice::smtp {

std::size_t DataDecoder::decode(Octets input, OctetSink& sink) {
  const char* const begin = input.data();
  const char* const end = begin + input.size();
  const char* at = begin;
  const char* run = begin;  // [run, at) is decoded and not written yet
  while (at != end && state_ != State::kEnded) {
    switch (state_) {
      case State::kLineStart:
        if (*at == '.' && framing_ == Framing::kDots) {
          write_run(run, at, sink);
          run = ++at;
          state_ = State::kDot;
        } else {
          at = text(at, end, run, sink);
        }
        break;
      case State::kText:
        at = text(at, end, run, sink);
        break;
      case State::kCr:
        if (*at == '\n') {
          write("\r\n", sink);
          end_line();
          run = ++at;
          state_ = State::kLineStart;
        } else {
          bare("\r", sink);
          run = at;
          state_ = State::kText;
        }
        break;
      case State::kDot:
        if (*at == '\r') {
          run = ++at;
          state_ = State::kDotCr;
        } else {
          state_ = State::kText;  // the dot was stuffing
        }
        break;
      case State::kDotCr:
        if (*at == '\n') {
          run = ++at;
          state_ = State::kEnded;
        } else {
          bare("\r", sink);
          run = at;
          state_ = State::kText;
        }
        break;
      case State::kEnded:
        break;
    }
  }
  write_run(run, at, sink);
  return static_cast<std::size_t>(at - begin);
}

// Reads text from `from` up to something that is not plain text, and leaves the state that follows. Ordinary CRLFs stay
// in the run, so a message without dots at line starts is written in as many pieces as it arrived.
const char* DataDecoder::text(const char* from, const char* end, const char*& run, OctetSink& sink) {
  state_ = State::kText;
  while (from != end) {
    const char* const newline = find_newline_octet(from, end);
    line_octets_ += static_cast<std::uint64_t>(newline - from);
    if (newline == end) return end;
    if (*newline == '\n') {
      write_run(run, newline, sink);
      bare("\n", sink);
      run = from = newline + 1;
      continue;
    }
    if (end - newline == 1 || newline[1] != '\n') {
      write_run(run, newline, sink);
      run = newline + 1;
      state_ = State::kCr;
      return run;
    }
    end_line();
    from = newline + 2;
    if (from == end || *from == '.') {
      state_ = State::kLineStart;
      return from;
    }
  }
  return end;
}

void DataDecoder::bare(Octets as_it_was, OctetSink& sink) {
  if (policy_ == BareNewlines::kRefuse) {
    bare_newline_ = true;
    write(as_it_was, sink);
  } else {
    write("\r\n", sink);
    end_line();
  }
}

void DataDecoder::finish(OctetSink& sink) {
  if (state_ == State::kCr) bare("\r", sink);
  end_line();
  state_ = State::kEnded;
}

void DataDecoder::end_line() {
  if (limits_.text_line != 0 && line_octets_ > limits_.text_line) long_line_ = true;
  line_octets_ = 0;
}

void DataDecoder::write(Octets octets, OctetSink& sink) {
  if (octets.empty()) return;
  octets_ += octets.size();
  if (limits_.octets != 0 && octets_ > limits_.octets) too_large_ = true;
  if (defect() == Defect::kNone) sink.write(octets);
}

Defect DataDecoder::defect() const {
  if (bare_newline_) return Defect::kBareNewline;
  if (too_large_) return Defect::kTooLarge;
  if (long_line_) return Defect::kLongLine;
  return Defect::kNone;
}

}  // namespace sluice::smtp
