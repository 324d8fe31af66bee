# What `cmake --install` does besides the programs, which sluice_program() puts into sbin/: they find each other in the
# directory in which they stand, so that is one. People find `sluice` in bin/ by a link. The manual pages follow.

install(CODE "
  set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  file(MAKE_DIRECTORY \"\${root}/${CMAKE_INSTALL_BINDIR}\")
  file(RELATIVE_PATH target \"\${root}/${CMAKE_INSTALL_BINDIR}\" \"\${root}/${CMAKE_INSTALL_SBINDIR}/sluice\")
  file(CREATE_LINK \"\${target}\" \"\${root}/${CMAKE_INSTALL_BINDIR}/sluice\" SYMBOLIC)
")
foreach(section 1 5 8)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
