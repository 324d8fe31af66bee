# What `cmake --install` does besides the programs, which sluice_program() puts into sbin/: they find each other in the
# directory in which they stand, so that is one. People find `sluice` in bin/ by a link. The manual pages follow.

install(CODE "
  set(root \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  file(MAKE_DIRECTORY \"\${root}/${CMAKE_INSTALL_BINDIR}\")
  file(RELATIVE_PATH target \"\${root}/${CMAKE_INSTALL_BINDIR}\" \"\${root}/${CMAKE_INSTALL_SBINDIR}/sluice\")
  file(CREATE_LINK \"\${target}\" \"\${root}/${CMAKE_INSTALL_BINDIR}/sluice\" SYMBOLIC)
")
# qmail-queue is the one program that acts for others (qmail-queue(8)). Where its user exists and we may, its owner and mode
# are set; otherwise `sluice setup` does it once it has made the users. Packages state both in their own way.
install(CODE "
  execute_process(COMMAND id -u OUTPUT_VARIABLE uid OUTPUT_STRIP_TRAILING_WHITESPACE)
  execute_process(COMMAND id -u qmailq RESULT_VARIABLE no_user OUTPUT_QUIET ERROR_QUIET)
  set(queue \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_SBINDIR}/qmail-queue\")
  if(uid EQUAL 0 AND no_user EQUAL 0 AND NOT DEFINED ENV{DESTDIR})
    execute_process(COMMAND chown qmailq:qmail \"\${queue}\" COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND chmod 6551 \"\${queue}\" COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS \"Set-user-id: \${queue}\")
  endif()
")
foreach(section 1 5 8)
  file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
