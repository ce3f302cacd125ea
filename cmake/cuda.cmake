# libutter-cuda.so, the GPU's code: built where CUDA's compiler is, and loaded by the library when a GPU is asked for.
#   -DUTTER_CUDA=OFF leaves it out; -DCMAKE_CUDA_ARCHITECTURES=… for other cards than those below.
option(UTTER_CUDA "Build the GPU's module where nvcc is found" ON)
if(UTTER_CUDA AND NOT UTTER_SANITIZE)
  include(CheckLanguage)
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_ARCHITECTURES 80-real 90) # A100; H100 and H200, and PTX for what comes after
  endif()
  check_language(CUDA)
endif()
if(CMAKE_CUDA_COMPILER)
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  file(GLOB cuda_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/models/cuda/*.cu)
  add_library(utter_cuda MODULE ${cuda_sources} ${UTTER_MODULE_PARTS})
  set_target_properties(utter_cuda PROPERTIES PREFIX "" OUTPUT_NAME libutter-cuda CUDA_STANDARD 17 CUDA_STANDARD_REQUIRED ON
    CUDA_VISIBILITY_PRESET hidden CUDA_RUNTIME_LIBRARY Static LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  target_include_directories(utter_cuda PRIVATE ${CMAKE_SOURCE_DIR})
  target_link_libraries(utter_cuda PRIVATE CUDA::cublasLt Threads::Threads)
  target_link_options(utter_cuda PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/models/cuda/module.map -Wl,--no-undefined)
  install(TARGETS utter_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
else()
  message(STATUS "no GPU's module (libutter-cuda.so): skipped, since there is no nvcc, or it was not asked for")
endif()
