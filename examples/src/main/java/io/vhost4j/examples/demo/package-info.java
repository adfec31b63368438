// SPDX-License-Identifier: BSD-3-Clause

/** The {@code demo} command: back-end and front-end in one process, every payload checked. */
@NullMarked
package io.vhost4j.examples.demo;

import org.jspecify.annotations.NullMarked;
