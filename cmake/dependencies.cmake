# Every library that we build on, each with the Debian package that has it.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(SNDFILE REQUIRED IMPORTED_TARGET sndfile)  # libsndfile1-dev
pkg_check_modules(MPG123 REQUIRED IMPORTED_TARGET libmpg123) # libmpg123-dev
pkg_check_modules(OPUSFILE REQUIRED IMPORTED_TARGET opusfile ogg) # libopusfile-dev, which brings libogg-dev
pkg_check_modules(SOXR REQUIRED IMPORTED_TARGET soxr)        # libsoxr-dev
pkg_check_modules(SPEEXDSP REQUIRED IMPORTED_TARGET speexdsp) # libspeexdsp-dev
pkg_check_modules(FFTW REQUIRED IMPORTED_TARGET fftw3f)      # libfftw3-dev
pkg_check_modules(PORTAUDIO REQUIRED IMPORTED_TARGET portaudio-2.0) # portaudio19-dev
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)   # libcjson-dev
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8) # libpcre2-dev
pkg_check_modules(EXPAT REQUIRED IMPORTED_TARGET expat)    # libexpat1-dev
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)         # zlib1g-dev
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.h REQUIRED)          # libdnnl-dev
find_library(DNNL_LIBRARY dnnl REQUIRED)
set(UTTER_DEPENDENCIES PkgConfig::SNDFILE PkgConfig::MPG123 PkgConfig::OPUSFILE PkgConfig::SOXR PkgConfig::SPEEXDSP PkgConfig::PORTAUDIO PkgConfig::FFTW PkgConfig::CJSON
  PkgConfig::PCRE2 PkgConfig::EXPAT PkgConfig::ZLIB ${DNNL_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS} m)
