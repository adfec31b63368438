// SPDX-License-Identifier: BSD-3-Clause

package io.vhost4j.core.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vhost4j.core.linux.EventFd;
import io.vhost4j.core.linux.Mapping;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionContext;

final class LeakCheckTest {
    private final Map<Object, Object> stored = new HashMap<>();
    private final LeakCheck check = new LeakCheck();

    /** Just enough of JUnit's context: a name and a store. */
    private ExtensionContext context() {
        ClassLoader loader = LeakCheckTest.class.getClassLoader();
        Object store = Proxy.newProxyInstance(loader, new Class<?>[] {ExtensionContext.Store.class}, (p, m, args) -> {
            return m.getName().equals("put") ? stored.put(args[0], args[1]) : stored.remove(args[0]);
        });
        return (ExtensionContext)
                Proxy.newProxyInstance(loader, new Class<?>[] {ExtensionContext.class}, (p, m, args) -> {
                    return m.getName().equals("getStore") ? store : "someTest()";
                });
    }

    @Test
    void shouldPassWhenEverythingIsGivenBack() {
        check.beforeEach(context());
        EventFd.create().close();
        check.afterEach(context());
        assertEquals(Map.of(), stored);
    }

    @Test
    void shouldReportADescriptor() {
        check.beforeEach(context());
        try (EventFd leaked = EventFd.create()) {
            AssertionError error = assertThrows(AssertionError.class, () -> check.afterEach(context()));
            assertTrue(error.getMessage().contains("owned descriptors"), error.getMessage());
            assertTrue(
                    error.getMessage().contains("open file " + leaked.fd() + " -> anon_inode:[eventfd]"),
                    error.getMessage());
        }
    }

    @Test
    void shouldReportAMapping() {
        check.beforeEach(context());
        try (Mapping leaked = Mapping.anonymous(1, Mapping.PROT_READ, 0)) {
            AssertionError error = assertThrows(AssertionError.class, () -> check.afterEach(context()));
            assertTrue(error.getMessage().contains("mappings"), error.getMessage() + leaked);
        }
    }
}
