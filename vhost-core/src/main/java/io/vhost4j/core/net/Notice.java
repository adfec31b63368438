// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.core.net;

/** What is left to do about notification after a burst. */
enum Notice {
    NONE,
    SIGNALLED,
    ASK
}
