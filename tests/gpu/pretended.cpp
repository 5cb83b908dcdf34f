// A CUDA device that only pretends: its memory and its kernels are the CPU's.
//
// It refuses what a GPU refuses, operands on two devices and generators of another one, and, when
// asked to, operations that wait for the device. So the way that mobench takes on a GPU is run where
// there is none; how fast it would be says nothing here. Written for the C++ interface of torch 2.13.

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/FakeGuardImpl.h>
#include <torch/library.h>

#include <atomic>
#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace {

using at::IntArrayRef;
using at::Tensor;
using std::optional;

const at::Device kDevice(at::kCUDA, 0);
const c10::DispatchKeySet kKeys(c10::DispatchKey::CUDA);
const std::set<std::string> kWaits{
    "aten::bincount", "aten::equal", "aten::is_nonzero", "aten::masked_select", "aten::nonzero",
    "aten::unique_consecutive", "aten::unique_dim", "aten::_unique2"};

std::atomic<bool> refuses_waits{false};
std::atomic<long> launches{0};

void waits(const std::string& what) {
  TORCH_CHECK(!refuses_waits, "the device is waited for: ", what);
}

// Memory: the CPU's, under the device's name.
struct Memory final : c10::Allocator {
  at::DataPtr allocate(size_t n) override {
    auto* data = c10::GetCPUAllocator()->raw_allocate(n ? n : 1);
    return {data, data, raw_deleter(), kDevice};
  }
  at::DeleterFnPtr raw_deleter() const override { return c10::GetCPUAllocator()->raw_deleter(); }
  void copy_data(void* to, const void* from, size_t n) const override { std::memcpy(to, from, n); }
} memory;

// Random numbers: a generator of the CPU, under the device's name.
struct Numbers final : c10::GeneratorImpl {
  at::Generator cpu;
  explicit Numbers(at::Generator cpu) : GeneratorImpl(kDevice, kKeys), cpu(std::move(cpu)) {}
  void set_current_seed(uint64_t seed) override { cpu.set_current_seed(seed); }
  uint64_t current_seed() const override { return cpu.current_seed(); }
  uint64_t seed() override { return cpu.seed(); }
  void set_offset(uint64_t) override { TORCH_CHECK(false, "no offset"); }
  uint64_t get_offset() const override { TORCH_CHECK(false, "no offset"); }
  void set_state(const c10::TensorImpl& state) override {
    cpu.unsafeGetGeneratorImpl()->set_state(state);
  }
  c10::intrusive_ptr<c10::TensorImpl> get_state() const override {
    return cpu.unsafeGetGeneratorImpl()->get_state();
  }
  GeneratorImpl* clone_impl() const override { return new Numbers(cpu.clone()); }
};

at::Generator numbers(uint64_t seed) {
  return at::make_generator<Numbers>(at::detail::createCPUGenerator(seed));
}

at::Generator& default_numbers() {
  static at::Generator all = numbers(0);
  return all;
}

at::Generator cpu_numbers(const at::Generator& from) {
  TORCH_CHECK(from.device() == kDevice, "a generator of the CPU for numbers on the device");
  return static_cast<Numbers*>(from.unsafeGetGeneratorImpl())->cpu;
}

struct Hooks final : at::CUDAHooksInterface {
  explicit Hooks(at::CUDAHooksArgs) {}
  void init() const override {}
  bool hasCUDA() const override { return true; }
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return true; }
  bool hasPrimaryContext(at::DeviceIndex) const override { return true; }
  at::DeviceIndex deviceCount() const override { return 1; }
  int getNumGPUs() const override { return 1; }
  at::DeviceIndex current_device() const override { return 0; }
  at::DeviceIndex getCurrentDevice() const override { return 0; }
  void setCurrentDevice(at::DeviceIndex) const override {}
  at::Device getDeviceFromPtr(void*) const override { return kDevice; }
  bool isPinnedPtr(const void*) const override { return false; }
  at::Allocator* getPinnedMemoryAllocator() const override { return c10::GetCPUAllocator(); }
  const at::Generator& getDefaultGenerator(at::DeviceIndex) const override {
    return default_numbers();
  }
  at::Generator getNewGenerator(at::DeviceIndex) const override { return numbers(0); }
};

// The same memory as a tensor of the CPU. One without elements gets its own: it may be resized.
Tensor on_cpu(const Tensor& t) {
  if (!t.defined() || !t.is_cuda()) return t;
  if (t.numel() == 0) return at::empty(t.sizes(), t.options().device(at::kCPU));
  return at::for_blob(t.data_ptr(), t.sizes())
      .strides(t.strides())
      .deleter([t](void*) {})
      .options(t.options().device(at::kCPU))
      .make_tensor();
}

// The same memory as a tensor of the device.
Tensor on_device(const Tensor& t) {
  if (!t.defined() || t.is_cuda()) return t;
  at::DataPtr data(t.storage().mutable_data(), new Tensor(t),
                   [](void* kept) { delete static_cast<Tensor*>(kept); }, kDevice);
  c10::Storage storage(c10::Storage::use_byte_size_t(), t.storage().nbytes(), std::move(data),
                       nullptr, false);
  auto out = at::detail::make_tensor<c10::TensorImpl>(std::move(storage), kKeys, t.dtype());
  out.unsafeGetTensorImpl()->set_storage_offset(t.storage_offset());
  out.unsafeGetTensorImpl()->set_sizes_and_strides(t.sizes(), t.strides());
  return out;
}

// The arguments of one operation, taken to the CPU, and its results, taken back.
struct Call {
  std::string name;
  std::vector<Tensor> theirs, mine;
  bool on_host = false;

  Tensor take(const Tensor& t) {
    if (!t.defined()) return t;
    on_host |= !t.is_cuda() && t.dim() > 0;
    theirs.push_back(t);
    mine.push_back(on_cpu(t));
    return mine.back();
  }

  c10::IValue take(const c10::IValue& value, const c10::Argument& argument) {
    if (value.isTensor()) return take(value.toTensor());
    if (value.isTensorList()) {
      c10::List<Tensor> taken;
      for (const Tensor& t : value.toTensorVector()) taken.push_back(take(t));
      return taken;
    }
    if (value.isOptionalTensorList()) {
      c10::List<optional<Tensor>> taken;
      for (const optional<Tensor>& t : value.toOptionalTensorList()) {
        if (t && t->defined() && (t->dtype() == at::kBool || t->dtype() == at::kByte))
          waits("indexed with a mask");
        taken.push_back(t ? optional<Tensor>(take(*t)) : std::nullopt);
      }
      return taken;
    }
    if (value.isDevice()) return at::Device(at::kCPU);
    if (value.isGenerator()) return cpu_numbers(value.toGenerator());
    if (value.isNone() && argument.type()->str() == "Generator?")
      return cpu_numbers(default_numbers());
    return value;
  }

  void check(const c10::IValue& last) const {
    bool on_device = false;
    for (const Tensor& t : theirs) on_device |= t.is_cuda();
    TORCH_CHECK(!(on_device && on_host), "Expected all tensors to be on the same device: ", name);
    const bool open = name == "aten::repeat_interleave" && last.isNone();  // how many, is not said
    if (open || kWaits.count(name)) waits(name);
  }

  // What was resized has new memory.
  void grow() {
    for (size_t i = 0; i < mine.size(); ++i) {
      if (!theirs[i].is_cuda() || theirs[i].sizes() == mine[i].sizes()) continue;
      auto grown = on_device(mine[i]);
      theirs[i].unsafeGetTensorImpl()->set_storage_keep_dtype(grown.storage());
      theirs[i].unsafeGetTensorImpl()->set_sizes_and_strides(grown.sizes(), grown.strides());
    }
  }

  Tensor back(const Tensor& t) const {
    for (size_t i = 0; i < mine.size(); ++i)
      if (mine[i].is_same(t)) return theirs[i];
    return on_device(t);
  }

  c10::IValue back(const c10::IValue& value) const {
    if (value.isTensor()) return back(value.toTensor());
    if (!value.isTensorList()) return value;
    c10::List<Tensor> given;
    for (const Tensor& t : value.toTensorVector()) given.push_back(back(t));
    return given;
  }
};

void run_on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  ++launches;
  const auto& schema = op.schema();
  Call call{schema.name()};
  const size_t first = stack->size() - schema.arguments().size();
  for (size_t i = 0; i < schema.arguments().size(); ++i)
    (*stack)[first + i] = call.take((*stack)[first + i], schema.arguments()[i]);
  call.check(stack->back());
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::CPU), stack);
  call.grow();
  for (size_t i = stack->size() - schema.returns().size(); i < stack->size(); ++i)
    (*stack)[i] = call.back((*stack)[i]);
}

// What every device has to bring.

Tensor empty(IntArrayRef size, optional<at::ScalarType> dtype, optional<at::Layout>,
             optional<at::Device>, optional<bool>, optional<at::MemoryFormat> format) {
  return at::detail::empty_generic(size, &memory, kKeys, c10::dtype_or_default(dtype), format);
}

Tensor empty_strided(IntArrayRef size, IntArrayRef stride, optional<at::ScalarType> dtype,
                     optional<at::Layout>, optional<at::Device>, optional<bool>) {
  return at::detail::empty_strided_generic(size, stride, &memory, kKeys,
                                           c10::dtype_or_default(dtype));
}

Tensor& copy(Tensor& self, const Tensor& from, bool non_blocking) {
  ++launches;
  if (!self.is_cuda() || (!from.is_cuda() && !non_blocking)) waits("copied between devices");
  on_cpu(self).copy_(on_cpu(from));
  return self;
}

at::Scalar value_of(const Tensor& self) {
  waits("a value is read");
  return on_cpu(self).item();
}

Tensor& set_part(Tensor& self, at::Storage from, int64_t offset, IntArrayRef size,
                 IntArrayRef stride) {
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_storage_keep_dtype(std::move(from));
  impl->set_storage_offset(offset);
  if (stride.empty())
    impl->set_sizes_contiguous(size);
  else
    impl->set_sizes_and_strides(size, stride);
  return self;
}

Tensor& set_all(Tensor& self, at::Storage from) {
  const auto n = static_cast<int64_t>(from.nbytes() / self.itemsize());
  return set_part(self, std::move(from), 0, {n}, {});
}

Tensor& set_tensor(Tensor& self, const Tensor& from) {
  return set_part(self, from.storage(), from.storage_offset(), from.sizes(), from.strides());
}

// The one random operation that is told no generator.
std::tuple<Tensor, Tensor> dropout(const Tensor& x, double p, optional<bool>) {
  ++launches;
  auto all = on_cpu(x);
  auto mask = at::empty(all.sizes(), all.options().dtype(at::kBool));
  mask.bernoulli_(1 - p, cpu_numbers(default_numbers()));
  return {on_device(all * mask / (1 - p)), on_device(mask)};
}

int64_t plain_attention(const Tensor&, const Tensor&, const Tensor&, const optional<Tensor>&,
                        double, bool, optional<double>, bool) {
  return 0;
}

}  // namespace

namespace at {
using CUDAHooks = Hooks;
REGISTER_CUDA_HOOKS(CUDAHooks)
}  // namespace at

namespace c10::impl {
C10_REGISTER_GUARD_IMPL(CUDA, FakeGuardImpl<DeviceType::CUDA>)
}  // namespace c10::impl

TORCH_LIBRARY_IMPL(_, CUDA, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&run_on_cpu>());
}

TORCH_LIBRARY_IMPL(aten, CUDA, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("copy_", &copy);
  m.impl("as_strided", &at::native::as_strided_tensorimpl);
  m.impl("view", &at::native::view);
  m.impl("_reshape_alias", &at::native::_reshape_alias);
  m.impl("_local_scalar_dense", &value_of);
  m.impl("set_.source_Storage", &set_all);
  m.impl("set_.source_Storage_storage_offset", &set_part);
  m.impl("set_.source_Tensor", &set_tensor);
  m.impl("native_dropout", &dropout);
  m.impl("_fused_sdp_choice", &plain_attention);
}

TORCH_LIBRARY(pretended, m) {
  m.def("numbers", [] { return default_numbers(); });
  m.def("refuse_waits", [](bool on) { refuses_waits = on; });
  m.def("launches", []() -> int64_t { return launches; });
}
