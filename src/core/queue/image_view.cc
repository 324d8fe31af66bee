#include <algorithm>

#include "core/queue/envelope_codec.h"
#include "core/queue/image_entry.h"

namespace sluice::queue {

MessageId Image::MessageView::id() const { return entry_->id; }
WallTime Image::MessageView::arrival() const { return entry_->arrival; }
std::uint32_t Image::MessageView::uid() const { return entry_->uid; }
std::uint32_t Image::MessageView::pid() const { return entry_->pid; }
BodyRef Image::MessageView::body() const { return entry_->body(); }
Octets Image::MessageView::envelope() const { return entry_->envelope(); }
std::uint32_t Image::MessageView::recipients() const { return entry_->recipients; }
const RecipientState& Image::MessageView::state(std::uint32_t recipient) const { return entry_->states()[recipient]; }

std::uint32_t Image::MessageView::pending() const {
  std::uint32_t pending = 0;
  for (std::uint32_t i = 0; i < entry_->recipients; ++i) pending += !is_done(entry_->states()[i].status);
  return pending;
}

std::optional<MessageId> Image::MessageView::bounce() const {
  if (!entry_->bounced) return std::nullopt;
  return image_->bounces_.at(entry_->id);
}

bool Image::MessageView::warned() const { return entry_->warned != 0; }

bool Image::MessageView::held() const { return entry_->held != 0; }

bool Image::MessageView::given_up() const { return entry_->given_up != 0; }

std::string_view Image::MessageView::hold_reason() const {
  return entry_->has_hold_reason ? image_->texts_.text(image_->hold_reasons_.at(entry_->id)) : std::string_view{};
}

mail::DeliveryMode Image::MessageView::delivery_mode() const { return entry_->mode; }
int Image::MessageView::precedence() const { return entry_->precedence; }
mail::Urgency Image::MessageView::urgency() const { return entry_->urgency; }

std::uint16_t Image::MessageView::attempts() const {
  std::uint16_t most = 0;
  for (std::uint32_t i = 0; i < entry_->recipients; ++i) most = std::max(most, entry_->states()[i].attempts);
  return most;
}

std::string_view Image::MessageView::sender() const {
  EnvelopeFields fields(entry_->envelope());
  while (fields.next()) {
    if (fields.letter() == 'F') return fields.value();
  }
  return {};
}

void Image::MessageView::each_recipient(const std::function<void(const RecipientView&)>& visit) const {
  EnvelopeFields fields(entry_->envelope());
  std::optional<RecipientView> open;
  std::uint32_t index = 0;
  while (fields.next()) {
    switch (fields.letter()) {
      case 'T': {
        if (open) visit(*open);
        if (index >= entry_->recipients) return;
        const RecipientState& state = entry_->states()[index];
        open = RecipientView{index,
                             fields.value(),
                             0,
                             {},
                             state.channel,
                             state.reached,
                             state.status,
                             state.attempts,
                             wall_from_millis(state.next_attempt),
                             image_->texts_.text(state.text)};
        ++index;
        break;
      }
      case 'N':
        if (open && !fields.value().empty()) open->notify = static_cast<std::uint8_t>(fields.value()[0]);
        break;
      case 'O':
        if (open) open->original_recipient = fields.value();
        break;
      default:
        break;
    }
  }
  if (open) visit(*open);
}

}  // namespace sluice::queue
