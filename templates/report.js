(function () {
  'use strict';
  var form = document.getElementById('filters');
  var text = document.getElementById('text');
  var shown = document.getElementById('shown');
  var groups = Array.prototype.slice.call(document.querySelectorAll('.group'));
  var items = Array.prototype.slice.call(document.querySelectorAll('.item'));
  var words = null;
  function apply() {
    if (!words) words = items.map(function (item) { return item.textContent.toLowerCase(); });
    var wanted = text.value.toLowerCase().split(/\s+/).filter(Boolean);
    var checked = {};
    form.querySelectorAll('input[type=checkbox]').forEach(function (box) { checked[box.value] = box.checked; });
    var count = 0;
    items.forEach(function (item, at) {
      var fits = checked[item.dataset.severity] && checked[item.dataset.age || 'new'] !== false && wanted.every(function (word) { return words[at].indexOf(word) >= 0; });
      item.hidden = !fits;
      if (fits) count += 1;
    });
    groups.forEach(function (group) {
      var left = group.querySelectorAll('.item:not([hidden])').length;
      group.hidden = !left;
      group.style.containIntrinsicSize = 'auto ' + 2.6 * left + 'rem';
    });
    shown.textContent = count + ' of ' + items.length + ' shown';
  }
  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', function (event) { event.preventDefault(); });
  function reveal() {
    var item = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!item) return;
    var group = item.closest('.group');
    if (group) group.hidden = false;
    if (item.tagName === 'DETAILS') { item.hidden = false; item.open = true; item.scrollIntoView(); }
  }
  window.addEventListener('hashchange', reveal);
  reveal();
  window.addEventListener('beforeprint', function () { items.forEach(function (item) { item.open = true; }); });
  if (navigator.clipboard) {
    document.addEventListener('toggle', function (event) {
      var item = event.target;
      if (!item.open || item.dataset.ready) return;
      item.dataset.ready = '1';
      item.querySelectorAll('pre.curl').forEach(function (pre) {
        var button = document.createElement('button');
        button.type = 'button';
        button.textContent = 'Copy';
        button.addEventListener('click', function () {
          navigator.clipboard.writeText(pre.textContent).then(function () { button.textContent = 'Copied'; });
        });
        pre.after(button);
      });
    }, true);
  }
}());
