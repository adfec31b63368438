// SPDX-License-Identifier: BSD-3-Clause
package io.vhost4j.virtiouser;

import io.vhost4j.VhostDriver;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Keeps the back-end's event thread alive during the tests of a class: it ends some time after the last driver. */
final class EventThreadAlive implements BeforeAllCallback, AfterAllCallback {
    private @Nullable EchoBackEnd keeper;

    @Override
    public void beforeAll(ExtensionContext context) {
        keeper = new EchoBackEnd(Path.of("@" + VhostDriver.class.getName() + UUID.randomUUID()), 1, false).start();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        if (keeper != null) {
            keeper.close();
        }
    }
}
